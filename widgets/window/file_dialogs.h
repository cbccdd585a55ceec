#pragma once

#include <QString>

class QWidget;

namespace quantscope {

class Session;

/// The dialogs that choose and save files, and what is asked before edits are lost.
class FileDialogs {
public:
    FileDialogs(Session &session, QWidget &window)
        : m_session(session)
        , m_window(window)
    {
    }
    void chooseFile();
    void chooseRecipe();
    void saveRecipe();
    /// Save, discard or keep working on edits of the recipe that no file has.
    bool mayDiscardEdits();

private:
    bool writeRecipe();

    Session &m_session;
    QWidget &m_window;
    QString m_savedRecipe; ///< where it was written last
};

} // namespace quantscope

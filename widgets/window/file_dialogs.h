#pragma once

#include <QString>
#include <QStringList>

class QMimeData;
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
    /// What is dropped on the window: a recipe is used, a model opened; beside another model it is asked for what.
    static bool takes(const QMimeData &dropped);
    static QStringList droppedFiles(const QMimeData &dropped); ///< that lie on this machine
    void open(const QMimeData &dropped);
    void chooseFile();
    void chooseRecipe();
    /// A model to compare with the one that is shown, and a recipe for it.
    void chooseSecond();
    void chooseSecondRecipe();
    /// To its file; where there is none yet, as saveRecipeAs().
    void saveRecipe();
    void saveRecipeAs();
    /// Whether an export that runs may be stopped.
    bool mayStopExport();
    /// Save, discard or keep working on edits of the recipe that no file has.
    bool mayDiscardEdits();

private:
    void openOrCompare(const QString &path);
    bool writeRecipe(const QString &path);
    bool askAndWrite();

    Session &m_session;
    QWidget &m_window;
};

} // namespace quantscope

#pragma once

#include <QWidget>

class QsciScintilla;

namespace quantscope {

/// Text that is read only, coloured for both themes.
class CodeView : public QWidget {
    Q_OBJECT
public:
    enum class Language { Cpp, Toml, Json };

    explicit CodeView(const QString &name, QWidget *parent = nullptr);
    void setText(const QString &text, Language language);
    QString text() const;
    void showLine(int line); ///< at the top, as far as there is text

private:
    void colour();

    QsciScintilla *m_editor;
    Language m_language = Language::Cpp;
};

} // namespace quantscope

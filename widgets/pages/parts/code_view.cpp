// QScintilla's headers use Qt's keywords, which the project switches off.
#define signals Q_SIGNALS
#define slots Q_SLOTS
#include <Qsci/qscilexercpp.h>
#include <Qsci/qscilexerjson.h>
#include <Qsci/qscilexerproperties.h>
#include <Qsci/qsciscintilla.h>
#undef signals
#undef slots

#include "look/theme.h"
#include "pages/parts/code_view.h"

#include <QBoxLayout>

using namespace Qt::StringLiterals;

namespace quantscope {

CodeView::CodeView(const QString &name, QWidget *parent)
    : QWidget(parent)
    , m_editor(new QsciScintilla)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_editor);
    m_editor->setReadOnly(true);
    m_editor->setUtf8(true);
    m_editor->setFrameShape(QFrame::NoFrame);
    m_editor->setMarginType(0, QsciScintilla::NumberMargin);
    m_editor->setMarginWidth(1, 0);
    m_editor->setCaretLineVisible(false);
    m_editor->setAccessibleName(name);
    m_editor->SendScintilla(QsciScintilla::SCI_SETSCROLLWIDTH, 1);
    m_editor->SendScintilla(QsciScintilla::SCI_SETSCROLLWIDTHTRACKING, 1);
    m_editor->SendScintilla(QsciScintilla::SCI_SETCARETSTYLE, 0);
    connect(&Theme::instance(), &Theme::changed, this, &CodeView::colour);
    colour();
}

QString CodeView::text() const { return m_editor->text(); }

void CodeView::showLine(int line) { m_editor->setFirstVisibleLine(line); }

void CodeView::setText(const QString &text, Language language)
{
    const int line = m_editor->firstVisibleLine();
    const bool same = language == m_language;
    m_language = language;
    colour();
    m_editor->setText(text);
    m_editor->setMarginWidth(0, QString::number(std::max(99, m_editor->lines())) + u"0"_s);
    m_editor->setFirstVisibleLine(same ? line : 0);
}

static QsciLexer *makeLexer(CodeView::Language language, QObject *parent)
{
    switch (language) {
    case CodeView::Language::Toml: return new QsciLexerProperties(parent);
    case CodeView::Language::Json: return new QsciLexerJSON(parent);
    default: return new QsciLexerCPP(parent);
    }
}

/// Colours by what a style means; every lexer numbers its styles differently.
static void colourStyles(QsciLexer *lexer, CodeView::Language language)
{
    const Colours &c = colours();
    const auto set = [lexer](std::initializer_list<int> styles, const QColor &colour) {
        for (const int style : styles)
            lexer->setColor(colour, style);
    };
    switch (language) {
    case CodeView::Language::Cpp:
        set({QsciLexerCPP::Comment, QsciLexerCPP::CommentLine, QsciLexerCPP::CommentDoc,
                QsciLexerCPP::PreProcessorComment},
            c.dim);
        set({QsciLexerCPP::PreProcessor, QsciLexerCPP::Keyword}, c.accentText);
        set({QsciLexerCPP::KeywordSet2}, c.green);
        set({QsciLexerCPP::Number}, c.amberText);
        set({QsciLexerCPP::DoubleQuotedString, QsciLexerCPP::SingleQuotedString}, c.green);
        break;
    case CodeView::Language::Toml:
        set({QsciLexerProperties::Comment}, c.dim);
        set({QsciLexerProperties::Section}, c.accentText);
        set({QsciLexerProperties::Key}, c.text);
        set({QsciLexerProperties::Assignment}, c.dim);
        set({QsciLexerProperties::DefaultValue}, c.green);
        break;
    case CodeView::Language::Json:
        set({QsciLexerJSON::Property}, c.accentText);
        set({QsciLexerJSON::String}, c.green);
        set({QsciLexerJSON::Number}, c.amberText);
        break;
    }
}

void CodeView::colour()
{
    const Colours &c = colours();
    delete m_editor->lexer();
    QsciLexer *lexer = makeLexer(m_language, this);
    lexer->setDefaultFont(Theme::mono());
    lexer->setFont(Theme::mono(), -1);
    lexer->setPaper(c.panel, -1);
    lexer->setDefaultPaper(c.panel);
    lexer->setColor(c.text, -1);
    lexer->setDefaultColor(c.text);
    colourStyles(lexer, m_language);
    m_editor->setLexer(lexer);
    m_editor->setMarginsFont(Theme::mono(0.9));
    m_editor->setMarginsBackgroundColor(c.panel);
    m_editor->setMarginsForegroundColor(c.dim);
    m_editor->setSelectionBackgroundColor(c.soft);
    m_editor->resetSelectionForegroundColor();
    m_editor->setPaper(c.panel);
    m_editor->setColor(c.text);
}

} // namespace quantscope

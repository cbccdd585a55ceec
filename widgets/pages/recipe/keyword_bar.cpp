#include "pages/recipe/keyword_bar.h"

#include "dialects/brevitas/overrides.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/spec_keywords.h"
#include "items/text.h"
#include "look/controls.h"
#include "network/switched_off.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QCompleter>
#include <QLineEdit>
#include <QPushButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

KeywordBar::KeywordBar(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_keyword(new QComboBox)
    , m_value(new QLineEdit)
    , m_set(textButton(tr("Set"),
          tr("Sets the keyword for every selected quantizer (Enter in the value). It confirms that field and no other; "
             "it can be undone")))
    , m_problem(plainLabel())
    , m_leftOut(dimLabel())
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 4, 0, 0);
    auto *row = new QHBoxLayout;
    m_keyword->setObjectName(u"keyword"_s);
    m_keyword->setAccessibleName(tr("Keyword"));
    m_keyword->setEditable(true);
    m_keyword->setInsertPolicy(QComboBox::NoInsert);
    m_keyword->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_keyword->setMinimumContentsLength(12);
    m_keyword->setToolTip(plainTip(tr("A keyword override of Brevitas, without the slot's prefix")));
    m_keyword->lineEdit()->setAccessibleName(tr("Keyword"));
    m_value->setObjectName(u"keyword-value"_s);
    m_value->setAccessibleName(tr("Value of the keyword"));
    m_value->setMinimumWidth(100);
    m_set->setObjectName(u"set-keyword"_s);
    row->addWidget(m_keyword);
    row->addWidget(m_value, 1);
    row->addWidget(m_set);
    m_problem->setObjectName(u"keyword-error"_s);
    m_leftOut->setObjectName(u"keyword-left-out"_s);
    column->addLayout(row);
    for (QLabel *said : {m_problem, m_leftOut}) {
        said->setWordWrap(true);
        said->hide();
        column->addWidget(said);
    }
    connect(m_set, &QPushButton::clicked, this, &KeywordBar::set);
    connect(m_value, &QLineEdit::returnPressed, this, &KeywordBar::set);
    connect(m_value, &QLineEdit::textEdited, this, [this] { showKeywordProblem({}); });
    connect(m_keyword, &QComboBox::currentTextChanged, this, &KeywordBar::fillValues);
    fillKeywords();
    fillValues();
}

/// A keyword changes a quantizer; where there is none it would make one that nobody asked for. quant_type switches one
/// on.
static bool takesKeyword(const SlotQuantizer &slot, const std::string &keyword)
{
    if (slot.quantizer)
        return true;
    return !slot.preset.empty() && slot.preset != "None" && (!isSwitchedOff(slot) || keyword == "quant_type");
}

static void keepTaken(std::vector<std::string> &names, const std::vector<std::string> &taken)
{
    std::erase_if(names, [&](const std::string &name) { return std::ranges::find(taken, name) == taken.end(); });
}

void KeywordBar::refresh()
{
    const Selected selected = m_selected ? m_selected() : Selected();
    const std::string keyword = str(m_keyword->currentText().trimmed());
    const auto taking
        = std::ranges::count_if(selected, [&](const auto &one) { return takesKeyword(*one.second, keyword); });
    m_set->setEnabled(m_session.presetsApply() && taking > 0);
    m_set->setText(taking > 1 ? tr("Set for %1").arg(taking) : tr("Set"));
    m_slots.clear();
    for (const auto &[layer, slot] : selected)
        m_slots.insert(slot->slot);
    fillKeywords();
    if (const std::vector<std::string> words = offeredWords(); words != m_words)
        fillValues();
}

/// What every one of them takes; without a selection all that there are.
void KeywordBar::fillKeywords()
{
    std::vector<std::string> names = overrideNames();
    for (const Slot slot : m_slots)
        keepTaken(names, overrideNames(slot));
    QStringList shown;
    for (const std::string &name : names)
        shown << qs(name);
    QStringList now;
    for (int i = 0; i < m_keyword->count(); ++i)
        now << m_keyword->itemText(i);
    if (shown == now)
        return;
    const QString chosen = m_keyword->currentText();
    const QSignalBlocker quiet(m_keyword);
    m_keyword->clear();
    m_keyword->addItems(shown);
    if (!chosen.isEmpty())
        m_keyword->setEditText(chosen);
}

/// Those that every selected quantizer takes.
std::vector<std::string> KeywordBar::offeredWords() const
{
    const std::string keyword = str(m_keyword->currentText());
    std::vector<std::string> words = keywordWords(keyword);
    for (const Slot slot : m_slots)
        keepTaken(words, keywordWords(keyword, slot));
    return words;
}

/// The words that a keyword takes are offered while its value is typed.
void KeywordBar::fillValues()
{
    m_words = offeredWords();
    QStringList words;
    for (const std::string &word : m_words)
        words << qs(word);
    m_value->setPlaceholderText(words.isEmpty() ? tr("value, such as 4") : words.join(u", "_s));
    m_value->setToolTip(plainTip(words.isEmpty() ? QString() : tr("one of: %1").arg(words.join(u", "_s))));
    auto *completer = new QCompleter(words, m_value);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    delete m_value->completer();
    m_value->setCompleter(words.isEmpty() ? nullptr : completer);
    showKeywordProblem({});
}

void KeywordBar::set()
{
    const std::string keyword = str(m_keyword->currentText().trimmed()), value = str(m_value->text().trimmed());
    if (!m_session.presetsApply() || value.empty() || !m_selected)
        return;
    std::vector<SlotChoice> choices;
    QString problem;
    QStringList leftOut;
    for (const auto &[layer, slot] : m_selected()) {
        if (!takesKeyword(*slot, keyword)) {
            leftOut << shownText(layer) + u' ' + qs(slot->slot);
            continue;
        }
        SlotSettings settings;
        settings.preset = slot->preset;
        settings.overrides = {{keyword, value}};
        const auto spec = makeSpec(settings, versionOf(m_session.network()->recipe));
        if (!spec && findPreset(slot->preset) != nullptr)
            problem = qs(spec.error());
        choices.push_back({layer, slot->slot, {}, {{keyword, value}}});
    }
    if (findOverride(keyword) == nullptr)
        problem = tr("Brevitas has no keyword “%1”").arg(shownText(keyword));
    if (problem.isEmpty() && choices.empty() && !leftOut.isEmpty())
        problem = tr("nothing quantizes what is selected: choose a preset first");
    showKeywordProblem(problem);
    if (!problem.isEmpty() || choices.empty())
        return;
    showLeftOut(leftOut);
    if (m_value->hasFocus())
        Q_EMIT leaveValue();
    m_session.applyChoices(
        choices, tr("%1 = %2 for %3").arg(qs(keyword), qs(value), countText(choices.size(), tr("quantizer"))));
}

void KeywordBar::showLeftOut(const QStringList &slots)
{
    constexpr qsizetype kNamed = 5;
    QString names = slots.mid(0, kNamed).join(u", "_s);
    if (slots.size() > kNamed)
        names += tr(" and %1 more").arg(groupedText(static_cast<std::uint64_t>(slots.size() - kNamed)));
    m_leftOut->setText(tr("left out, since nothing quantizes them: %1").arg(names));
    m_leftOut->setVisible(!slots.isEmpty());
}

void KeywordBar::showKeywordProblem(const QString &text)
{
    setWrong(m_value, !text.isEmpty(), text);
    showProblem(m_problem, text);
    m_leftOut->hide(); // of an earlier one
}

} // namespace quantscope

#include "pages/values/find_bar.h"

#include "diff/find_changes.h"
#include "items/text.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QLineEdit>
#include <QPushButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString lastElement(Shape shape)
{
    for (std::int64_t &size : shape)
        --size;
    return indexText(shape);
}

FindBar::FindBar(QWidget *parent)
    : QWidget(parent)
    , m_index(new QLineEdit)
    , m_query(new QLineEdit)
    , m_note(dimLabel())
    , m_problem(plainLabel())
{
    m_index->setObjectName(u"values-index"_s);
    m_query->setObjectName(u"values-find"_s);
    m_note->setObjectName(u"values-found"_s);
    m_problem->setObjectName(u"values-problem"_s);
    m_query->setPlaceholderText(u"|code| >= 19"_s);
    setAccessible(m_index, tr("Go to an index"), tr("an index such as [4, 12, 0, 1] or a flat position such as 685"));
    setAccessible(m_query, tr("Find in the whole tensor"),
        tr("|code| >= 19, code = -3, 0x2D, w > 0.2, |w| < 2^-6, value < 0, error > 0.005, channel = 3, clipped, at "
           "limit, zeroed, not finite; beside a second model changed and |change| >= 4; 'and' joins several"));
    for (QLineEdit *edit : {m_index, m_query}) {
        edit->setFont(Theme::mono(0.95));
        edit->setMinimumWidth(140);
        connect(edit, &QLineEdit::textEdited, this, [this, edit] { showWrong(edit, {}); });
    }
    m_index->setMaximumWidth(140);
    m_query->setMaximumWidth(340); // what a bar asks for has two ends
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    connect(m_index, &QLineEdit::returnPressed, this, &FindBar::goToIndex);
    connect(m_query, &QLineEdit::returnPressed, this, [this] { find(m_query->text()); });
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(makeFields());
    for (QLabel *label : {m_note, m_problem}) { // a line of their own: the fields keep their width
        label->setWordWrap(true);
        label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        label->hide();
        column->addWidget(label);
    }
}

QLayout *FindBar::makeFields()
{
    auto *row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(dimLabel(tr("Go to")));
    row->addWidget(m_index);
    row->addSpacing(10);
    row->addWidget(dimLabel(tr("Find")));
    row->addWidget(m_query, 1000); // before the stretch
    const std::tuple<QString, int, QString, QString> steps[]
        = {{u"‹"_s, -1, tr("Previous hit"), tr("Shift+F3")}, {u"›"_s, 1, tr("Next hit"), tr("F3")}};
    for (const auto &[sign, by, name, key] : steps) {
        auto *button = textButton(sign, u"%1 (%2)"_s.arg(name, key));
        button->setAccessibleName(name);
        button->setFixedWidth(30);
        button->setStyleSheet(u"padding: 4px 0"_s);
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this, [this, by = by] { Q_EMIT stepRequested(by); });
    }
    row->addStretch(1);
    return row;
}

void FindBar::goToIndex()
{
    if (!m_slot.readable())
        return;
    const Shape &shape = m_slot.slot->tensor->shape;
    const auto index = parseIndex(m_index->text(), shape);
    if (!index)
        return showWrong(
            m_index, tr("“%1” is not in the tensor: its last element is %2").arg(m_index->text(), lastElement(shape)));
    showCurrent(indexText(*index));
    Q_EMIT goTo(flatIndex(*index, shape));
}

void FindBar::focusFind()
{
    m_query->setFocus(Qt::ShortcutFocusReason);
    m_query->selectAll();
}

void FindBar::setCurrent(const QString &index)
{
    // What was typed stays while it is typed, and a wrong one until another element is chosen: the numbers of the same
    // element may arrive at any time.
    if (index != m_current && !m_index->hasFocus())
        showCurrent(index);
}

void FindBar::showCurrent(const QString &index)
{
    m_current = index;
    m_index->setText(index);
    showWrong(m_index, {});
    m_index->setCursorPosition(0); // a long index shows its first axes
}

void FindBar::setSlot(const SlotRef &slot)
{
    m_finding.cancel();
    m_slot = slot;
    m_second = {};
    m_current.clear();
    m_asked.clear();
    m_result = {};
    for (QLineEdit *edit : {m_index, m_query})
        showWrong(edit, {});
    report({});
    Q_EMIT found();
}

void FindBar::report(const QString &text)
{
    m_note->setText(text);
    m_note->setVisible(!text.isEmpty());
}

void FindBar::showWrong(QLineEdit *edit, const QString &reason)
{
    if (reason.isEmpty() && !edit->property("wrong").toBool())
        return;
    setWrong(edit, !reason.isEmpty(), reason);
    showProblem(m_problem, reason);
}

/// Why a query cannot be asked as things are; empty where it can.
QString FindBar::missingFor(const FindQuery &query) const
{
    const bool compares = std::ranges::any_of(query.terms, &FindTerm::needsSecond);
    return !compares || m_second.readable()
        ? QString()
        : tr("there is no tensor of a second model beside this one: compare with another model (Ctrl+B)");
}

void FindBar::find(const QString &text, Then then)
{
    m_finding.cancel();
    m_query->setText(text);
    if (!m_query->hasFocus())
        m_query->setCursorPosition(0);
    m_asked.clear();
    m_result = {};
    const auto query = parseFindQuery(str(text), m_slot ? *m_slot.slot : SlotQuantizer());
    const QString missing = query ? missingFor(*query) : QString();
    showWrong(m_query, query || text.trimmed().isEmpty() ? missing : qs(query.error().message));
    if (!query || !missing.isEmpty() || !m_slot.readable()) {
        report({});
        Q_EMIT found();
        return;
    }
    m_asked = text;
    report(tr("searching…"));
    const QString read = qs(findQueryText(*query));
    m_finding.start(
        [slot = m_slot, second = m_second, query = *query](const Progress &progress) {
            return std::ranges::any_of(query.terms, &FindTerm::needsSecond)
                ? findChanges(*slot.slot, *second.slot, query, progress)
                : findElements(*slot.slot, query, progress);
        },
        [this, read, then](Result<FindResult> result) {
            if (!result)
                return report(qs(result.error().message));
            m_result = std::move(*result);
            const bool all = m_result.count <= FindResult::kMaxHits;
            report((m_result.count == 0 ? tr("none in the tensor: %1").arg(read)
                    : all               ? tr("%1 in the tensor: %2").arg(groupedText(m_result.count), read)
                                        : tr("%1 in the tensor, stepping through the first %2: %3")
                                .arg(groupedText(m_result.count), groupedText(FindResult::kMaxHits), read)));
            Q_EMIT found();
            if (then == Then::GoToFirst)
                step(1, ~0ull);
        },
        [this](int permille) { report(tr("searching… %1 %").arg(permille / 10)); });
}

bool FindBar::cancel()
{
    if (!searching())
        return false;
    m_finding.cancel();
    m_asked.clear();
    report(tr("stopped"));
    return true;
}

void FindBar::step(int by, std::uint64_t flat)
{
    const auto &hits = m_result.positions;
    if (hits.empty())
        return;
    if (by > 0) {
        const auto next = std::upper_bound(hits.begin(), hits.end(), flat);
        Q_EMIT goTo(next == hits.end() ? hits.front() : *next);
    } else {
        const auto at = std::lower_bound(hits.begin(), hits.end(), flat);
        Q_EMIT goTo(at == hits.begin() ? hits.back() : *(at - 1));
    }
}

} // namespace quantscope

#include "panels/second_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "report/diff_report.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

SecondBar::SecondBar(Session &session, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
    , m_menu(new QMenu(this))
{
    setProperty("bar", true);
    setObjectName(u"second"_s);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(14, 6, 14, 6);
    column->setSpacing(4);
    column->addWidget(makeState());
    m_whyBox = makeWhy();
    column->addWidget(m_whyBox);
    m_rulesBox = makeRules();
    column->addWidget(m_rulesBox);
    m_whyBox->hide();
    m_rulesBox->hide();
    connect(&session.second(), &SecondModel::changed, this, &SecondBar::refresh);
    connect(&session.second(), &SecondModel::progress, this, &SecondBar::onProgress);
    connect(&session, &Session::networkChanged, this, &SecondBar::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &SecondBar::refresh);
    refresh();
}

QWidget *SecondBar::makeState()
{
    auto *line = new QWidget;
    auto *row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_name = new ElidedLabel(Qt::ElideMiddle);
    m_name->setFont(Theme::sans(1.0, true));
    m_name->setObjectName(u"second-name"_s);
    m_state = new ElidedLabel(Qt::ElideRight);
    m_state->setObjectName(u"second-state"_s);
    m_progress = new QProgressBar;
    m_progress->setRange(0, 1000);
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(120, 8);
    m_progress->setAccessibleName(tr("Progress of the comparison"));
    m_cancel = textButton(tr("Cancel"), tr("Stop reading and comparing the second model (Esc)"));
    m_again = textButton(tr("Try again"), tr("Read and compare the second model again"));
    m_why = textButton(tr("Why"), tr("What the differences mean together, and what to do"));
    m_why->setCheckable(true);
    m_more = textButton(tr("More"), tr("Recipe, part and names of the second model; copy the difference"));
    m_more->setMenu(m_menu);
    auto *swap = textButton(tr("Swap"), tr("Show the second model, and compare the first with it (X)"));
    auto *close = textButton(tr("Close"), tr("Stop comparing: the first model stays (Ctrl+Shift+B)"));
    row->addWidget(m_name);
    row->addWidget(m_state, 1);
    const std::pair<QPushButton *, QString> buttons[] = {{m_cancel, u"second-cancel"_s}, {m_again, u"second-again"_s},
        {m_why, u"second-why"_s}, {m_more, u"second-more"_s}, {swap, u"second-swap"_s}, {close, u"second-close"_s}};
    row->addWidget(m_progress);
    for (const auto &[button, name] : buttons) {
        button->setObjectName(name);
        row->addWidget(button);
    }
    SecondModel &second = m_session.second();
    connect(m_cancel, &QPushButton::clicked, &second, &SecondModel::cancel);
    connect(m_again, &QPushButton::clicked, &second, &SecondModel::tryAgain);
    connect(m_why, &QPushButton::toggled, this, &SecondBar::refreshWhy);
    connect(m_menu, &QMenu::aboutToShow, this, &SecondBar::fillMenu);
    connect(swap, &QPushButton::clicked, &second, &SecondModel::swap);
    connect(close, &QPushButton::clicked, &second, &SecondModel::close);
    return line;
}

QWidget *SecondBar::makeWhy()
{
    auto *box = new QWidget;
    auto *row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_kind = badge(u"warning"_s);
    m_finding = plainLabel();
    m_fix = dimLabel();
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    const std::pair<QLabel *, QString> labels[] = {{m_finding, u"second-finding"_s}, {m_fix, u"second-fix"_s}};
    for (const auto &[label, name] : labels) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setObjectName(name);
        texts->addWidget(label);
    }
    m_rule = textButton({}, tr("Compare with this rule for the layers' names"));
    m_go = textButton(tr("Go there"), tr("To the layer and the tensor that it is about"));
    m_back = textButton(u"‹"_s, tr("The finding before"));
    m_place = dimLabel();
    m_next = textButton(u"›"_s, tr("The next finding"));
    auto *copy = textButton(tr("Copy"), tr("This finding with its fix, to the clipboard"));
    row->addWidget(m_kind, 0, Qt::AlignTop);
    row->addLayout(texts, 1);
    const std::pair<QPushButton *, QString> buttons[] = {{m_rule, u"second-use-rule"_s}, {m_go, u"second-go"_s},
        {copy, u"second-copy"_s}, {m_back, u"second-back"_s}, {m_next, u"second-next"_s}};
    for (const auto &[button, name] : buttons) {
        button->setObjectName(name);
        if (button == m_next)
            row->addWidget(m_place, 0, Qt::AlignVCenter);
        row->addWidget(button, 0, Qt::AlignVCenter);
    }
    m_place->setObjectName(u"second-place"_s);
    connect(m_rule, &QPushButton::clicked, this, &SecondBar::useRule);
    connect(m_go, &QPushButton::clicked, this, &SecondBar::goThere);
    connect(m_back, &QPushButton::clicked, this, [this] { step(-1); });
    connect(m_next, &QPushButton::clicked, this, [this] { step(1); });
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(findingText()); });
    return box;
}

QWidget *SecondBar::makeRules()
{
    auto *box = new QWidget;
    auto *row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_rules = new QLineEdit;
    m_rules->setObjectName(u"second-rules"_s);
    m_rules->setFont(Theme::mono(0.95));
    m_rules->setPlaceholderText(u"encoder.*=backbone.*, head=classifier"_s);
    setAccessible(m_rules, tr("Rules for names that differ"),
        tr("OLD=NEW, separated by commas: a layer of the first that is named OLD is compared with that named NEW in "
           "the "
           "second; one * in each stands for the same text (as quantscope diff --rename). Enter compares"));
    auto *use = textButton(tr("Compare"), tr("Compare by these names (Enter)"));
    use->setObjectName(u"second-rules-use"_s);
    m_wrong = plainLabel();
    m_wrong->setObjectName(u"second-rules-wrong"_s);
    row->addWidget(dimLabel(tr("Names in A = in B")));
    row->addWidget(m_rules, 1);
    row->addWidget(use);
    row->addWidget(m_wrong);
    m_wrong->hide();
    connect(m_rules, &QLineEdit::returnPressed, this, &SecondBar::applyRules);
    connect(use, &QPushButton::clicked, this, &SecondBar::applyRules);
    return box;
}

void SecondBar::showRules(bool shown)
{
    m_rulesBox->setVisible(shown);
    if (shown)
        m_rules->setFocus();
}

void SecondBar::fillMenu()
{
    m_menu->clear();
    SecondModel &second = m_session.second();
    const ModelSource &source = second.source();
    const auto add = [this](const QString &text, bool on, auto run) {
        QAction *action = m_menu->addAction(text, this, run);
        action->setCheckable(true);
        action->setChecked(on);
    };
    m_menu->addSection(tr("Recipe of the second"));
    add(tr("The one beside it"), source.choice == RecipeChoice::Beside,
        [&second] { second.useRecipe(RecipeChoice::Beside); });
    if (source.choice == RecipeChoice::Chosen)
        add(shownText(QFileInfo(source.chosenRecipe).fileName()), true, [] {});
    add(tr("None"), source.choice == RecipeChoice::None, [&second] { second.useRecipe(RecipeChoice::None); });
    m_menu->addAction(tr("Choose…"), this, &SecondBar::chooseRecipeRequested);
    fillParts(m_menu);
    m_menu->addSeparator();
    add(tr("Names that differ…"), !m_rulesBox->isHidden(), [this] { showRules(m_rulesBox->isHidden()); });
    m_menu->addAction(tr("Copy the difference"), this, &SecondBar::copyAll)->setEnabled(second.comparison() != nullptr);
}

void SecondBar::fillParts(QMenu *menu)
{
    SecondModel &second = m_session.second();
    const QStringList parts = second.parts();
    if (parts.isEmpty())
        return;
    menu->addSection(tr("Part of the second"));
    for (int part = 0; part < parts.size(); ++part) {
        QAction *action = menu->addAction(parts[part], this, [&second, part] { second.usePart(part); });
        action->setCheckable(true);
        action->setChecked(part == second.shownPart());
    }
}

/// As quantscope diff writes it.
void SecondBar::copyAll() const
{
    if (const auto comparison = m_session.second().comparison())
        QGuiApplication::clipboard()->setText(qs(diffText(*comparison->a, *comparison->b, comparison->diff)));
}

QString SecondBar::stateText() const
{
    const auto comparison = m_session.second().comparison();
    if (!comparison)
        return {};
    const std::string assumed = assumedText(comparison->diff);
    return qs(changesText(comparison->layers) + (assumed.empty() ? "" : "; " + assumed));
}

void SecondBar::refresh()
{
    SecondModel &second = m_session.second();
    setVisible(second.isOpen());
    const auto comparison = second.comparison();
    const bool stopped = !comparison && !second.running() && !second.problem().isEmpty();
    m_name->setFullText(tr("B: %1").arg(second.name()), shownText(second.source().path));
    const bool changed = second.changedOnDisk() && !second.running();
    if (comparison || stopped || !second.isOpen())
        m_state->setFullText((changed ? tr("▲ changed on disk since it was read: ") : QString())
            + (stopped ? u"■ "_s + second.problem() : stateText()));
    m_again->setVisible(stopped || changed);
    m_again->setText(changed ? tr("Read again") : tr("Try again"));
    m_rules->setText(second.renames().join(u", "_s));
    if (!second.isOpen())
        m_rulesBox->hide();
    setWrong(m_rules, false);
    showProblem(m_wrong, {});
    m_at = 0;
    const auto &findings = comparison ? comparison->diff.findings : std::vector<DiffFinding>();
    m_why->setVisible(!findings.empty());
    m_why->setChecked(!findings.empty() && findings.front().severity != Severity::Note);
    refreshWhy();
    if (!second.running())
        onProgress({}, 1000);
}

void SecondBar::onProgress(const QString &text, int permille)
{
    const bool runs = permille < 1000;
    m_progress->setVisible(runs);
    m_cancel->setVisible(runs);
    m_progress->setValue(permille);
    if (runs)
        m_state->setFullText(text + u"…"_s);
}

void SecondBar::refreshWhy()
{
    const auto comparison = m_session.second().comparison();
    const int count = comparison ? static_cast<int>(comparison->diff.findings.size()) : 0;
    m_whyBox->setVisible(m_why->isChecked() && m_at < count);
    if (m_at >= count)
        return;
    const DiffFinding &finding = comparison->diff.findings[static_cast<std::size_t>(m_at)];
    const QString severity = qs(severityName(finding.severity));
    m_kind->setProperty("badge", severity);
    m_kind->setText((finding.severity == Severity::Note ? u"i "_s : u"▲ "_s) + qs(finding.rule));
    m_finding->setText(withPowers(shownText(finding.text)));
    m_fix->setText(tr("write: %1").arg(shownText(finding.fix)));
    m_rule->setText(finding.rename.empty() ? tr("Name the pairs…") : tr("Use %1").arg(shownText(finding.rename)));
    m_rule->setVisible(finding.rule == "no-common-names");
    m_go->setVisible(finding.layer.has_value());
    m_place->setText(tr("%1 of %2").arg(m_at + 1).arg(count));
    for (QWidget *widget :
        {static_cast<QWidget *>(m_back), static_cast<QWidget *>(m_place), static_cast<QWidget *>(m_next)})
        widget->setVisible(count > 1);
}

void SecondBar::step(int by)
{
    const auto comparison = m_session.second().comparison();
    const int count = comparison ? static_cast<int>(comparison->diff.findings.size()) : 0;
    if (count > 0)
        m_at = (m_at + by + count) % count;
    refreshWhy();
}

QString SecondBar::findingText() const
{
    const auto comparison = m_session.second().comparison();
    if (!comparison || m_at >= static_cast<int>(comparison->diff.findings.size()))
        return {};
    const DiffFinding &finding = comparison->diff.findings[static_cast<std::size_t>(m_at)];
    return u"%1: %2 [%3]\nwrite: %4\n"_s.arg(
        qs(severityName(finding.severity)), qs(finding.text), qs(finding.rule), qs(finding.fix));
}

void SecondBar::goThere()
{
    const auto comparison = m_session.second().comparison();
    if (!comparison || m_at >= static_cast<int>(comparison->diff.findings.size()))
        return;
    const DiffFinding &finding = comparison->diff.findings[static_cast<std::size_t>(m_at)];
    if (!finding.layer)
        return;
    m_session.selectLayers({qs(comparison->a->layer(*finding.layer).name)});
    if (finding.slot)
        m_session.selectSlot(qs(*finding.slot));
}

void SecondBar::applyRules()
{
    QStringList rules;
    for (const QString &rule : m_rules->text().split(u',', Qt::SkipEmptyParts))
        if (!rule.trimmed().isEmpty())
            rules << rule.trimmed();
    const QString typed = m_rules->text();
    const QString error = m_session.second().setRenames(rules);
    if (error.isEmpty())
        return;
    m_rules->setText(typed);
    setWrong(m_rules, true, error);
    showProblem(m_wrong, error);
}

void SecondBar::useRule()
{
    const auto comparison = m_session.second().comparison();
    if (!comparison || m_at >= static_cast<int>(comparison->diff.findings.size()))
        return;
    const QString rule = qs(comparison->diff.findings[static_cast<std::size_t>(m_at)].rename);
    if (rule.isEmpty())
        return showRules(true);
    m_session.second().setRenames(QStringList(m_session.second().renames()) << rule);
}

} // namespace quantscope

#include "pages/compare/sweep_panel.h"

#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/compare/sweep_data.h"
#include "pages/parts/code_view.h"
#include "session/compare_lab.h"
#include "session/session.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::uint64_t kSweepAtOnce = 8'000'000; // larger networks are swept when somebody asks for it
static constexpr std::size_t kDrawAsTheyCome = 64; // layers; beyond it the front is drawn once, at the end

SweepPanel::SweepPanel(Session &session, SweepRun &run, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_run(run)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    column->addWidget(makeControls());
    column->addWidget(makeCharts(), 3);
    column->addWidget(makeResult(), 2);
}

void SweepPanel::makeNumbers()
{
    m_low = new QSpinBox;
    m_high = new QSpinBox;
    m_goal = new QDoubleSpinBox;
    for (QSpinBox *box : {m_low, m_high})
        box->setRange(1, 16);
    m_low->setValue(2);
    m_high->setValue(8);
    setAccessible(m_low, tr("Fewest bits"), tr("first width of the sweep, 1 to 16"));
    setAccessible(m_high, tr("Most bits"), tr("last width of the sweep, 1 to 16"));
    m_goal->setRange(0, 150);
    m_goal->setDecimals(1);
    m_goal->setValue(kDefaultGoal);
    m_goal->setSuffix(u" dB"_s);
    m_goal->setObjectName(u"sweep-goal"_s);
    setAccessible(m_goal, tr("SQNR to keep"), tr("each layer takes the fewest bits whose SQNR is at least this"));
    for (QAbstractSpinBox *box : {static_cast<QAbstractSpinBox *>(m_low), static_cast<QAbstractSpinBox *>(m_high),
             static_cast<QAbstractSpinBox *>(m_goal)})
        box->setKeyboardTracking(false); // the 1 of a 16 is not a sweep of its own
    connect(m_low, &QSpinBox::valueChanged, this, [this](int low) {
        m_high->setMinimum(low);
        onSettings();
    });
    connect(m_high, &QSpinBox::valueChanged, this, [this](int high) {
        m_low->setMaximum(high);
        onSettings();
    });
    connect(m_goal, &QDoubleSpinBox::valueChanged, this, [this] {
        m_picked.reset();
        refresh();
    });
}

QWidget *SweepPanel::makeControls()
{
    auto *bar = new QWidget;
    auto *flow = new FlowLayout(bar, 8);
    makeNumbers();
    m_familyButton = textButton(tr("Families"), tr("which quantizers are swept"));
    m_familyButton->setMenu(new QMenu(m_familyButton));
    m_runAll = textButton(tr("Sweep all layers"), tr("Every family at every width for every weight layer"));
    m_stop = textButton(tr("Stop"), tr("Stop computing; what is known stays"));
    m_progress = dimLabel();
    m_progress->setObjectName(u"sweep-progress"_s);
    for (QWidget *widget : {static_cast<QWidget *>(dimLabel(tr("widths"))), static_cast<QWidget *>(m_low),
             static_cast<QWidget *>(dimLabel(tr("to"))), static_cast<QWidget *>(m_high),
             static_cast<QWidget *>(m_familyButton), static_cast<QWidget *>(dimLabel(tr("keep"))),
             static_cast<QWidget *>(m_goal), static_cast<QWidget *>(m_runAll), static_cast<QWidget *>(m_stop),
             static_cast<QWidget *>(m_progress)})
        flow->addWidget(widget);
    connect(m_familyButton->menu(), &QMenu::aboutToShow, this, &SweepPanel::fillFamilies);
    connect(m_runAll, &QPushButton::clicked, this, [this] {
        m_runAsked = true;
        refresh();
    });
    connect(m_stop, &QPushButton::clicked, this, [this] {
        m_runAsked = false;
        m_run.cancel();
    });
    return bar;
}

QWidget *SweepPanel::makeCharts()
{
    auto *charts = new QWidget;
    auto *row = new QHBoxLayout(charts);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    const auto addCard = [&](const QString &title, ElidedLabel *&note, SweepChart *&chart) {
        auto *card = new Card(nullptr, 12);
        auto *header = new QHBoxLayout;
        note = new ElidedLabel(Qt::ElideRight);
        note->setForegroundRole(QPalette::PlaceholderText);
        header->addWidget(titleLabel(title));
        header->addWidget(note, 1);
        chart = new SweepChart(title);
        chart->setMinimumHeight(180);
        card->box()->addLayout(header);
        card->box()->addWidget(chart, 1);
        row->addWidget(card, 1);
    };
    addCard(tr("SQNR over bits"), m_reach, m_lines);
    addCard(tr("Total bits against error"), m_frontNote, m_front);
    connect(m_front, &SweepChart::activated, this, [this](int line, int dot) {
        m_picked = line == 0 ? std::optional(dot) : std::nullopt;
        showAllocation();
    });
    return charts;
}

QWidget *SweepPanel::makeResult()
{
    auto *card = new Card(nullptr, 12);
    auto *header = new FlowLayout(nullptr, 8);
    m_resultTitle = titleLabel();
    m_resultTitle->setObjectName(u"sweep-result"_s);
    m_resultTitle->setWordWrap(true);
    m_resultTitle->setMinimumWidth(220);
    m_resultTitle->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_form = new Segmented(tr("As what"));
    m_form->setItems({tr("Recipe"), tr("Brevitas")});
    m_form->setItemTip(0, tr("entries of a recipe, TOML"));
    m_form->setItemTip(1, tr("keyword arguments of Brevitas layers, to train or calibrate again with these widths"));
    m_copy = textButton(tr("Copy"), tr("Copy the text below"));
    m_apply = textButton(tr("Apply to recipe"), {});
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-sweep"_s);
    header->addWidget(m_resultTitle);
    for (QWidget *widget :
        {static_cast<QWidget *>(m_form), static_cast<QWidget *>(m_copy), static_cast<QWidget *>(m_apply)})
        header->addWidget(widget);
    card->box()->addLayout(header);
    m_text = new CodeView(tr("The chosen widths"));
    m_text->setMinimumHeight(60);
    card->box()->addWidget(m_text, 1);
    connect(m_form, &Segmented::selected, this, &SweepPanel::showAllocation);
    connect(m_copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_text->text()); });
    connect(m_apply, &QPushButton::clicked, this, &SweepPanel::apply);
    return card;
}

SweepSettings SweepPanel::settings() const
{
    return {.low = m_low->value(), .high = m_high->value(), .families = m_families};
}

void SweepPanel::setWidths(int low, int high)
{
    m_low->setMaximum(16);
    m_high->setMinimum(1);
    m_low->setValue(low);
    m_high->setValue(high);
}

void SweepPanel::setGoal(double db) { m_goal->setValue(db); }

void SweepPanel::fillFamilies()
{
    QMenu *menu = m_familyButton->menu();
    menu->clear();
    for (const std::string &family : sweepFamilies()) {
        auto *action = menu->addAction(familyTitle(family) + u"  ("_s + qs(family) + u")"_s);
        action->setCheckable(true);
        action->setChecked(std::find(m_families.begin(), m_families.end(), family) != m_families.end());
        connect(action, &QAction::toggled, this, [this, family](bool on) {
            std::erase(m_families, family);
            if (on)
                m_families.push_back(family);
            onSettings();
        });
    }
}

void SweepPanel::onSettings()
{
    m_picked.reset();
    m_run.setBasis(m_session.state() == Session::State::Ready ? m_session.network() : nullptr, settings());
    refresh();
}

void SweepPanel::refresh()
{
    const auto network = m_session.state() == Session::State::Ready ? m_session.network() : nullptr;
    const std::vector<std::string> all = network ? SweepRun::weightLayers(*network) : std::vector<std::string>{};
    std::vector<std::string> selected;
    for (const QString &name : m_session.selectedLayers())
        if (std::find(all.begin(), all.end(), str(name)) != all.end())
            selected.push_back(str(name));
    if (network && isVisible()) {
        if (m_runAsked || SweepRun::elements(*network, all) <= kSweepAtOnce)
            m_run.request(all);
        m_run.request(selected); // in front of the others
    }
    refreshProgress(all);
    if (m_families.empty())
        m_lines->showMessage(tr("No family is chosen."));
    else if (selected.empty())
        m_lines->showMessage(tr("This selection has no weights."));
    else if (m_run.known(selected) < selected.size())
        m_lines->showMessage(tr("being computed…"));
    else
        m_lines->setData(sqnrOverBits(m_run.points(selected), m_goal->value()));
    m_reach->setFullText(selected.empty() || m_run.known(selected) < selected.size()
            ? QString()
            : reachText(m_run.points(selected), m_goal->value()));
    refreshNetwork(all);
}

void SweepPanel::refreshProgress(const std::vector<std::string> &all)
{
    const std::size_t known = m_run.known(all);
    const bool running = !m_run.idle();
    m_stop->setVisible(running);
    m_runAll->setVisible(!running && known < all.size());
    m_progress->setText(!m_run.problem().isEmpty() ? m_run.problem()
            : known < all.size() || running        ? tr("%1 of %2").arg(known).arg(countText(all.size(), tr("layer")))
                                                   : countText(all.size(), tr("layer")));
}

Result<SweepPanel::Front> SweepPanel::frontOf(std::vector<SweepPoint> points, double goal)
{
    Front front;
    front.points = std::move(points);
    if (front.points.empty())
        return front;
    front.allocations = paretoFront(front.points);
    std::erase_if(front.allocations, [](const Allocation &allocation) { return !allocationDb(allocation); });
    front.cheapest = cheapestKeeping(front.points, goal);
    return front;
}

/// The front of what is known: with every layer it is the network's.
void SweepPanel::refreshNetwork(const std::vector<std::string> &all)
{
    const std::size_t known = m_run.known(all);
    m_frontNote->setFullText(known == 0 ? QString()
            : known == all.size()       ? tr("all weights; click a dot to take it")
                                        : tr("of %1 of %2 layers so far").arg(known).arg(all.size()));
    if (!m_run.idle() && all.size() > kDrawAsTheyCome)
        return;
    m_fronting.start(
        [points = m_run.points(all), goal = m_goal->value()](const Progress &) { return frontOf(points, goal); },
        [this, known, layers = all.size()](Result<Front> front) {
            m_network = front ? std::move(*front) : Front{};
            m_network.swept = known;
            m_network.layers = layers;
            if (m_picked && *m_picked >= static_cast<int>(m_network.allocations.size()))
                m_picked.reset();
            if (m_network.points.empty())
                m_front->showMessage(
                    m_run.idle() ? tr("Sweep all layers to see the front of the network.") : tr("being computed…"));
            showAllocation();
        });
}

QString SweepPanel::resultText() const
{
    if (!m_allocation)
        return tr("No widths yet");
    const QString bits = groupedText(m_allocation->bits);
    const std::size_t missing = m_network.swept - std::min(m_network.swept, m_allocation->points.size());
    if (m_picked)
        return tr("Chosen on the front: %1 bits, %2 over all weights")
            .arg(bits, decibelText(allocationDb(*m_allocation)));
    return tr("Fewest bits that keep %1 dB %2: %3 bits")
               .arg(m_goal->value())
               .arg(whereText(m_network.swept, m_network.layers, m_allocation->unmet.size(), missing), bits)
        + missedText(m_allocation->unmet.size(), missing);
}

void SweepPanel::showAllocation()
{
    m_allocation
        = m_picked ? std::optional(m_network.allocations[static_cast<std::size_t>(*m_picked)]) : m_network.cheapest;
    if (!m_network.points.empty()) {
        SweepData drawn = frontData(m_network.points, m_network.allocations, m_network.cheapest);
        if (m_picked)
            drawn.lines.front().dots.at(static_cast<std::size_t>(*m_picked)).picked = true;
        m_front->setData(std::move(drawn));
    }
    m_resultTitle->setText(resultText());
    showText();
    const QString problem
        = !m_allocation ? tr("There is nothing to apply yet.") : applyProblem(m_session, m_session.currentSlot());
    m_copy->setEnabled(m_allocation.has_value());
    m_apply->setEnabled(problem.isEmpty());
    m_apply->setToolTip(plainTip(problem.isEmpty()
            ? tr("These widths become the recipe of all these layers, as one edit that can be undone (Ctrl+Z)")
            : problem));
}

/// A recipe starts where these widths change it.
void SweepPanel::showText()
{
    const QString text = m_form->current() == 0 ? recipeText() : pythonText();
    if (text == m_text->text())
        return;
    m_text->setText(text, CodeView::Language::Toml);
    const auto before = m_form->current() == 0 && m_allocation
        ? allocationRecipe(*m_session.network(), m_network.points, Allocation{})
        : Result<std::string>();
    const QString old = before ? qs(*before) : QString();
    const auto differs = std::mismatch(text.begin(), text.end(), old.begin(), old.end()).first;
    static constexpr int kAbove = 3; // lines that say whose entry it is
    const int line = text == old ? 0 : static_cast<int>(std::count(text.begin(), differs, u'\n'));
    m_text->showLine(std::max(0, line - kAbove));
}

QString SweepPanel::recipeText() const
{
    if (!m_allocation || m_session.state() != Session::State::Ready)
        return {};
    const auto recipe = allocationRecipe(*m_session.network(), m_network.points, *m_allocation);
    return recipe ? qs(*recipe) : u"# "_s + qs(recipe.error().message);
}

QString SweepPanel::pythonText() const
{
    return m_allocation ? qs(allocationPython(m_network.points, *m_allocation)) : QString();
}

void SweepPanel::apply()
{
    if (!m_apply->isEnabled() || !m_allocation)
        return;
    std::vector<SlotChoice> choices;
    for (const std::size_t i : m_allocation->points)
        if (const auto candidate = parseCandidate(m_network.points[i].candidate))
            choices.push_back({m_network.points[i].layer, m_network.points[i].slot, candidate->settings.preset,
                candidate->settings.overrides});
    m_session.applyChoices(
        choices, m_picked ? tr("widths of the front") : tr("widths that keep %1 dB").arg(m_goal->value()));
}

} // namespace quantscope

#include "pages/compare/sweep_panel.h"

#include "items/text.h"
#include "lab/network_totals.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/compare/sweep_data.h"
#include "pages/compare/sweep_result.h"
#include "pages/parts/chart_caption.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>

#include <algorithm>
#include <string_view>
#include <unordered_set>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::uint64_t kNetworkAtOnce = 8'000'000; // larger networks are swept when somebody asks for it
static constexpr std::size_t kDrawAsTheyCome = 64; // layers; beyond it the front is drawn once, at the end

/// The layers that have points, each once.
static std::vector<std::string> layersOf(const std::vector<SweepPoint> &points)
{
    std::vector<std::string> layers;
    for (const SweepPoint &point : points)
        if (layers.empty() || layers.back() != point.layer)
            layers.push_back(point.layer);
    return layers;
}

SweepPanel::SweepPanel(Session &session, SweepStore &store, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_store(store)
    , m_result(new SweepResult(session))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    column->addWidget(makeControls());
    column->addWidget(makeCharts(), 3);
    column->addWidget(m_result, 2);
}

/// A field that goes with the focus tells its number, to a panel that is half gone.
SweepPanel::~SweepPanel()
{
    for (QObject *box : {static_cast<QObject *>(m_low), static_cast<QObject *>(m_high), static_cast<QObject *>(m_goal)})
        box->disconnect(this);
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
    QWidget *widths = inOneRow({dimLabel(tr("widths")), m_low, dimLabel(tr("to")), m_high});
    QWidget *goal = inOneRow({dimLabel(tr("keep")), m_goal});
    for (QWidget *widget : QList<QWidget *>{widths, m_familyButton, goal, m_runAll, m_stop, m_progress})
        flow->addWidget(widget);
    m_exactOnly = new QCheckBox(tr("exact in ap_fixed only"));
    m_exactOnly->setObjectName(u"sweep-exact"_s);
    m_exactOnly->setToolTip(
        plainTip(tr("Only candidates of which an ap_fixed holds every value: one power-of-two scale, zero point 0")));
    flow->addWidget(m_exactOnly);
    connect(m_exactOnly, &QCheckBox::toggled, this, [this] {
        m_picked.reset();
        refresh();
    });
    connect(m_familyButton->menu(), &QMenu::aboutToShow, this, &SweepPanel::fillFamilies);
    keepOpen(m_familyButton->menu());
    connect(m_runAll, &QPushButton::clicked, this, [this] {
        m_runAsked = true;
        m_stopped = false;
        refresh();
    });
    connect(m_stop, &QPushButton::clicked, this, &SweepPanel::cancel);
    return bar;
}

QWidget *SweepPanel::makeCharts()
{
    auto *charts = new QWidget;
    auto *row = new QHBoxLayout(charts);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    const auto addCard = [&](const QString &title, QLabel *&note, SweepChart *&chart) {
        auto *card = new Card(nullptr, 12);
        card->box()->setSpacing(4);
        note = dimLabel();
        note->setWordWrap(true);
        chart = new SweepChart(title);
        chart->setMinimumHeight(200);
        chart->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
        card->box()->addWidget(titleLabel(title));
        card->box()->addWidget(note);
        card->box()->addWidget(chart, 1);
        row->addWidget(card, 1);
    };
    addCard(tr("SQNR over bits"), m_reach, m_lines);
    addCard(tr("Total bits against error"), m_frontNote, m_front);
    connect(m_front, &SweepChart::activated, this, &SweepPanel::onDot);
    return charts;
}

/// A dot of the front is what each layer would be: the list shows it beside what is in force.
void SweepPanel::onDot(int line, int dot)
{
    m_picked = line == 0 ? std::optional(dot) : std::nullopt;
    showAllocation();
    if (m_picked)
        m_result->propose();
}

std::vector<SweepPoint> SweepPanel::pointsOf(const std::vector<std::string> &layers) const
{
    return m_exactOnly->isChecked() ? exactPoints(m_store.points(layers)) : m_store.points(layers);
}

void SweepPanel::cancel()
{
    m_stopped = true;
    m_runAsked = false;
    m_store.cancel();
}

SweepSettings SweepPanel::settings() const
{
    return {.low = m_low->value(), .high = m_high->value(), .families = m_families};
}

bool SweepPanel::idle() const { return !m_fronting.running() && m_result->idle(); }

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
    m_stopped = false;
    m_picked.reset();
    m_store.setBasis(m_session.state() == Session::State::Ready ? m_session.network() : nullptr, settings());
    refresh();
}

/// The front and the widths of one model are nothing of another's; an edit leaves the floats that they follow from.
void SweepPanel::forgetOther(const std::shared_ptr<const ModelFile> &file)
{
    if (file == m_file)
        return;
    m_file = file;
    m_fronting.cancel();
    m_points.reset();
    m_pointsOf = {};
    m_network = {};
    m_picked.reset();
    m_runAsked = false;
    m_front->showMessage({});
    showAllocation();
}

void SweepPanel::refresh()
{
    const auto network = m_session.state() == Session::State::Ready ? m_session.network() : nullptr;
    const auto listed = m_session.network();
    forgetOther(listed ? listed->file : nullptr);
    m_lines->actions()->setCaption(networkCaption(m_session, tr("SQNR over bits")));
    m_front->actions()->setCaption(networkCaption(m_session, tr("total bits against error")));
    const std::vector<std::string> all = network ? sweptLayers(*network) : std::vector<std::string>{};
    const std::unordered_set<std::string_view> swept(all.begin(), all.end());
    std::vector<std::string> selected;
    for (const QString &name : m_session.selectedLayers())
        if (swept.contains(str(name)))
            selected.push_back(str(name));
    if (network && isVisible() && !m_stopped) {
        if (m_runAsked || sweptElements(*network, all) <= kNetworkAtOnce)
            m_store.request(all);
        m_store.request(selected); // in front of the others
    }
    refreshProgress(all);
    if (m_families.empty())
        m_lines->showMessage(tr("No family is chosen."));
    else if (selected.empty())
        m_lines->showMessage(tr("This selection has no weights."));
    else if (m_store.known(selected) < selected.size())
        m_lines->showMessage(tr("being computed…"));
    else
        m_lines->setData(sqnrOverBits(pointsOf(selected), m_goal->value()));
    m_reach->setText(selected.empty() || m_store.known(selected) < selected.size()
            ? QString()
            : reachText(pointsOf(selected), m_goal->value()));
    refreshNetwork(all);
}

void SweepPanel::refreshProgress(const std::vector<std::string> &all)
{
    const std::size_t known = m_store.known(all);
    const bool running = !m_store.idle();
    m_stop->setVisible(running);
    m_runAll->setVisible(!running && known < all.size());
    m_progress->setText(!m_store.problem().empty() ? qs(m_store.problem())
            : known < all.size() || running        ? tr("%1 of %2").arg(known).arg(countText(all.size(), tr("layer")))
                                                   : countText(all.size(), tr("layer")));
}

Result<SweepPanel::Front> SweepPanel::frontOf(Points points, double goal)
{
    Front front;
    front.points = std::move(points);
    if (front.points->empty())
        return front;
    front.allocations = paretoFront(*front.points);
    std::erase_if(front.allocations, [](const Allocation &allocation) { return !allocationDb(allocation); });
    front.cheapest = cheapestKeeping(*front.points, goal);
    return front;
}

/// The front of what is known: with every layer it is the network's.
void SweepPanel::refreshNetwork(const std::vector<std::string> &all)
{
    const std::size_t known = m_store.known(all);
    m_frontNote->setText(known == 0 ? QString()
            : known == all.size()   ? tr("all weights; click a dot to propose it")
                                    : tr("of %1 of %2 layers so far").arg(known).arg(all.size()));
    if (!m_store.idle() && all.size() > kDrawAsTheyCome)
        return;
    if (PointsOf now{m_store.revision(), m_exactOnly->isChecked(), all}; !m_points || m_pointsOf != now) {
        m_points = std::make_shared<const std::vector<SweepPoint>>(pointsOf(all));
        m_pointsOf = std::move(now);
    }
    m_fronting.start([points = m_points, goal = m_goal->value()](const Progress &) { return frontOf(points, goal); },
        [this, known, layers = all.size()](Result<Front> front) {
            if (!front || front->points != m_network.points)
                m_picked.reset(); // it was a dot of another front
            m_network = front ? std::move(*front) : Front{};
            m_network.swept = known;
            m_network.layers = layers;
            if (m_picked && *m_picked >= static_cast<int>(m_network.allocations.size()))
                m_picked.reset();
            if (m_network.empty())
                m_front->showMessage(
                    m_store.idle() ? tr("Sweep all layers to see the front of the network.") : tr("being computed…"));
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
    if (!m_network.empty()) {
        SweepData drawn = frontData(*m_network.points, m_network.allocations, m_network.cheapest,
            allocationInForce(m_session.inspection(), layersOf(*m_network.points), Slot::Weight));
        if (m_picked)
            drawn.lines.front().dots.at(static_cast<std::size_t>(*m_picked)).picked = true;
        m_front->setData(std::move(drawn));
    }
    m_result->setAllocation(m_network.points, m_allocation, resultText(),
        m_picked ? tr("widths of the front") : tr("widths that keep %1 dB").arg(m_goal->value()));
}

} // namespace quantscope

#include "pages/compare/walk_panel.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "pages/compare/sweep_result.h"
#include "pages/compare/walk_data.h"
#include "pages/parts/chart_caption.h"
#include "report/walk_report.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QDoubleSpinBox>
#include <QPushButton>
#include <QSpinBox>

using namespace Qt::StringLiterals;

namespace quantscope {

WalkPanel::WalkPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_store(session)
    , m_result(new SweepResult(session))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    column->addWidget(makeControls());
    column->addWidget(makeCharts(), 3);
    column->addWidget(m_result, 2);
    connect(&m_store, &WalkStore::changed, this, [this] {
        if (isVisible())
            refresh();
    });
}

/// A field that goes with the focus tells its number, to a panel that is half gone.
WalkPanel::~WalkPanel()
{
    for (QObject *box : {static_cast<QObject *>(m_low), static_cast<QObject *>(m_high), static_cast<QObject *>(m_loss)})
        box->disconnect(this);
}

void WalkPanel::makeNumbers()
{
    m_low = new QSpinBox;
    m_high = new QSpinBox;
    m_loss = new QDoubleSpinBox;
    for (QSpinBox *box : {m_low, m_high}) {
        box->setRange(1, 16);
        box->setKeyboardTracking(false);
    }
    m_low->setValue(2);
    m_high->setValue(8);
    setAccessible(m_low, tr("Fewest bits on data"), tr("first width that each layer is run with, 1 to 16"));
    setAccessible(m_high, tr("Most bits on data"), tr("last width that each layer is run with, 1 to 16"));
    m_loss->setRange(0, 100);
    m_loss->setDecimals(2);
    m_loss->setValue(1);
    m_loss->setSuffix(tr(" points"));
    m_loss->setKeyboardTracking(false);
    m_loss->setObjectName(u"walk-loss"_s);
    setAccessible(m_loss, tr("Accuracy that may be lost"),
        tr("the fewest bits are shown whose accuracy on data is at most this many percentage points below that of "
           "the quantizers in force"));
    connect(m_low, &QSpinBox::valueChanged, this, [this](int low) {
        m_high->setMinimum(low);
        refresh();
    });
    connect(m_high, &QSpinBox::valueChanged, this, [this](int high) {
        m_low->setMaximum(high);
        refresh();
    });
    connect(m_loss, &QDoubleSpinBox::valueChanged, this, [this] {
        m_picked.reset();
        refresh();
    });
}

QWidget *WalkPanel::makeControls()
{
    auto *bar = new QWidget;
    auto *flow = new FlowLayout(bar, 8);
    makeNumbers();
    m_over = new Segmented(tr("Whose widths"));
    m_over->setObjectName(u"walk-over"_s);
    m_over->setItems({tr("weights"), tr("activations"), tr("both")});
    m_over->setItemTip(0, tr("widths of weights: the total counts the bits of these tensors"));
    m_over->setItemTip(1,
        tr("widths of activations: the total counts the bits of what flows through their quantizers for one sample"));
    m_over->setItemTip(2, tr("widths of both: the total adds bits of weights and bits of one sample's activations"));
    connect(m_over, &Segmented::selected, this, [this] {
        m_picked.reset();
        refresh();
    });
    m_run = textButton(tr("Run"), {});
    m_run->setProperty("primary", true);
    m_run->setObjectName(u"walk-run"_s);
    m_stop = textButton(tr("Stop"), tr("Stop running; what is known stays"));
    m_progress = dimLabel();
    m_progress->setObjectName(u"walk-progress"_s);
    QWidget *widths = inOneRow({dimLabel(tr("widths")), m_low, dimLabel(tr("to")), m_high});
    QWidget *loss = inOneRow({dimLabel(tr("accuracy may lose")), m_loss});
    for (QWidget *widget : QList<QWidget *>{m_over, widths, loss, m_run, m_stop, m_progress})
        flow->addWidget(widget);
    connect(m_run, &QPushButton::clicked, this, [this] {
        m_picked.reset();
        m_store.start();
    });
    connect(m_stop, &QPushButton::clicked, &m_store, &WalkStore::cancel);
    return bar;
}

QWidget *WalkPanel::makeCharts()
{
    auto *charts = new QWidget;
    auto *row = new QHBoxLayout(charts);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    const auto addCard = [&](const QString &title, const QString &note, SweepChart *&chart) {
        auto *card = new Card(nullptr, 12);
        auto *about = dimLabel(note);
        about->setWordWrap(true);
        chart = new SweepChart(title);
        chart->setMinimumHeight(200);
        chart->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
        card->box()->setSpacing(4);
        card->box()->addWidget(titleLabel(title));
        card->box()->addWidget(about);
        card->box()->addWidget(chart, 1);
        row->addWidget(card, 1);
    };
    addCard(tr("Each layer alone, on data"), tr("the others as they are"), m_alone);
    addCard(tr("Total bits, on data"), tr("all layers together; click a dot to take it"), m_together);
    connect(m_together, &SweepChart::activated, this, [this](int line, int dot) {
        m_picked = m_store.walk() ? walkStepAt(*m_store.walk(), line, dot) : std::nullopt;
        refresh();
    });
    return charts;
}

bool WalkPanel::idle() const { return m_store.idle() && m_result->idle(); }

void WalkPanel::setLoss(double loss) { m_loss->setValue(loss); }

void WalkPanel::setOver(WalkOver over)
{
    m_over->setCurrent(static_cast<int>(over));
    refresh();
}

WalkOver WalkPanel::over() const { return static_cast<WalkOver>(m_over->current()); }

void WalkPanel::refresh()
{
    m_store.prepare(m_low->value(), m_high->value(), over());
    m_alone->actions()->setCaption(networkCaption(m_session, tr("each layer alone, on data")));
    m_together->actions()->setCaption(networkCaption(m_session, tr("total bits, on data")));
    refreshProgress();
    const WidthWalk *walk = m_store.walk();
    if (m_picked && (!walk || *m_picked >= walk->steps.size()))
        m_picked.reset();
    const QString message = !m_store.hasData() ? tr("Choose data first: the line above takes them (Ctrl+D).")
        : m_store.running()                    ? tr("being run…")
        : m_store.points()                     ? tr("Run says what each width does.")
                                               : tr("The widths are being computed…");
    if (walk && m_store.done() > 1)
        m_alone->setData(walkAlone(*m_store.points(), *walk));
    else
        m_alone->showMessage(message);
    if (walk && !walk->steps.empty())
        m_together->setData(walkTogether(*m_store.points(), *walk, chosenStep()));
    else
        m_together->showMessage(walk ? tr("Follows when each layer has run alone.") : message);
    refreshResult();
}

/// " · left out: relu3"; empty where every activation has widths.
QString WalkPanel::leftOut() const
{
    QStringList names;
    for (const std::string &layer : m_store.missing())
        names << shownText(layer);
    return names.isEmpty()
        ? QString()
        : tr(" · left out, as no other width is known or nothing flows there: %1").arg(names.join(u", "_s));
}

void WalkPanel::refreshProgress()
{
    const WalkCount count = m_store.count();
    const bool canRun = m_store.hasData() && m_store.points() && !m_store.points()->empty() && !m_store.running();
    m_run->setEnabled(canRun);
    m_run->setText(canRun ? tr("Run up to %1").arg(countText(count.total(), tr("time"))) : tr("Run"));
    m_run->setToolTip(
        plainTip(canRun ? tr("The network as it is, %1 alone, and at most %2 steps of all layers together: never more")
                              .arg(countText(count.alone, tr("width")))
                              .arg(count.together)
                        : tr("Needs data, and a network with quantizers that are known.")));
    m_stop->setVisible(m_store.running());
    m_progress->setText(!m_store.problem().empty() ? shownText(m_store.problem())
            : m_store.walk() || m_store.running()
            ? tr("on data: %1 of at most %2 runs").arg(m_store.done()).arg(count.total()) + leftOut()
            : leftOut().mid(3));
}

/// What was clicked, else the fewest bits that keep the accuracy.
std::optional<std::size_t> WalkPanel::chosenStep() const
{
    const WidthWalk *walk = m_store.walk();
    if (!walk || m_picked)
        return m_picked;
    return walk->own.accuracy ? fewestBitsKeeping(*walk, *walk->own.accuracy - m_loss->value() / 100) : std::nullopt;
}

QString WalkPanel::resultText(std::size_t step) const
{
    const WalkStep &chosen = m_store.walk()->steps[step];
    const WalkBits bits = walkBits(*m_store.points(), *m_store.walk(), chosen);
    const QString what = tr("%1, on data: %2").arg(qs(walkBitsText(bits)), walkEffectText(chosen.effect));
    return m_picked ? tr("Chosen: %1").arg(what)
                    : tr("Fewest bits that lose at most %1 points: %2").arg(m_loss->value()).arg(what);
}

void WalkPanel::refreshResult()
{
    const auto step = chosenStep();
    if (step)
        return m_result->setAllocation(m_store.points(), m_store.walk()->steps[*step].allocation, resultText(*step),
            tr("widths by accuracy on data"));
    const bool isDone = m_store.walk() && !m_store.running() && !m_store.walk()->steps.empty();
    m_result->setAllocation(m_store.points(), std::nullopt,
        !isDone                            ? tr("No widths yet")
            : m_store.walk()->own.accuracy ? tr("No step keeps that accuracy: click one to take it")
                                           : tr("Without labels there is no accuracy: click a step to take it"),
        {});
}

} // namespace quantscope

#include "pages/distribution/distribution_page.h"

#include "analysis/value_histogram.h"
#include "charts/bar_data.h"
#include "charts/bit_weight_chart.h"
#include "items/facts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/distribution/change_card.h"
#include "pages/distribution/codes_table.h"
#include "pages/distribution/compare_trial.h"
#include "pages/distribution/flow_view.h"
#include "pages/distribution/legend.h"
#include "pages/distribution/selected_layers.h"
#include "pages/distribution/value_bar.h"
#include "pages/parts/chart_caption.h"
#include "pages/parts/provenance_text.h"
#include "session/session.h"
#include "session/shown_flow.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kValueBins = 128;

DistributionPage::DistributionPage(Session &session, QWidget *parent)
    : Page(session, parent)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    m_ofTensor = {makeFigures(), makeCharts()};
    column->addWidget(m_ofTensor[0]);
    column->addWidget(m_ofTensor[1], 2);
    column->addWidget(new ChangeCard(*this));
    m_flow = new FlowView(session, this);
    column->addWidget(m_flow, 3);
    connect(&session.runs(), &RunStore::resultChanged, this, &DistributionPage::schedule);
    connect(&session.statistics(), &StatisticsStore::ready, this, [this](const QString &layer) {
        if (isVisible() && this->session().selectedLayers().indexOf(layer) > 0)
            m_bitWeights->setOverlays(otherSelectedLayers(this->session(), this->session().currentSlot()));
    });
    connect(&session.statistics(), &StatisticsStore::grown, this, [this](const QString &layer, const QString &slot) {
        const SlotRef shown = this->session().currentSlot();
        if (isVisible() && shown && qs(shown.layer->name) == layer && qs(shown.slot->slot) == slot)
            refreshChart();
    });
    m_table = new CodesTable(this);
    m_table->setMinimumHeight(160);
    column->addWidget(m_table, 1);
}

QWidget *DistributionPage::makeFigures()
{
    auto *card = new Card(this);
    m_figureRow = new QWidget(card);
    new FlowLayout(m_figureRow, 8, true);
    static const char *const kIds[] = {"type", "scale", "fractional-bits", "range", "sqnr", "saturated", "rounded-to-0",
        "codes-used", "would-be-clipped"};
    static const QString kNames[] = {tr("type"), tr("scale"), tr("fractional bits"), tr("range"),
        tr("SQNR, weight error"), tr("at limit in file"), tr("rounded to 0"), tr("codes used"), tr("would clip")};
    for (std::size_t i = 0; i < std::size(kIds); ++i) {
        m_figures.push_back(new Figure(kNames[i], u"figure-"_s + QLatin1String(kIds[i])));
        m_figureRow->layout()->addWidget(m_figures.back());
        connect(m_figures.back(), &Figure::queried, this, &Page::queryRequested);
    }
    m_provenance = dimLabel();
    m_provenance->setWordWrap(true);
    m_provenance->setTextFormat(Qt::RichText);
    m_provenance->setFont(Theme::sans(0.92));
    m_provenance->setObjectName(u"provenance"_s);
    m_apply = textButton(tr("Apply"), {});
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-type"_s);
    m_reset = textButton(tr("Reset"), tr("Back to the file's type (Esc)"));
    // As high as the buttons, so that the chart does not move under the pointer that drags it.
    m_provenance->setMinimumHeight(m_reset->sizeHint().height());
    auto *row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_provenance, 1);
    row->addWidget(m_apply);
    row->addWidget(m_reset);
    card->box()->addWidget(m_figureRow);
    card->box()->addLayout(row);
    return card;
}

/// What the histograms count, as queries name it.
static QString countedAs(const SlotStatistics *s) { return !s || s->hasFloats ? u"w"_s : u"value"_s; }

QWidget *DistributionPage::makeCharts()
{
    auto *card = new Card(this);
    auto *header = new QWidget(card);
    auto *flow = new FlowLayout(header, 14);
    m_switch = new Segmented(tr("Histogram"), header);
    m_switch->setItems({tr("Bit weights"), tr("Values"), tr("Codes")});
    m_switch->setItemTip(BitWeights, tr("one bar is one bit of the word: how many |w| lie in [2^k, 2^(k+1))"));
    m_switch->setItemTip(Values, tr("the float weights in equal bins, with the limits of the quantizer"));
    m_switch->setItemTip(Codes, tr("how often each integer occurs; the ends of the range are marked"));
    m_legend = new BitLegend;
    m_zeros = dimLabel();
    m_zeros->setObjectName(u"zeros"_s);
    for (QWidget *widget :
        {static_cast<QWidget *>(m_switch), static_cast<QWidget *>(m_legend), static_cast<QWidget *>(m_zeros)})
        flow->addWidget(widget);
    m_valueBar = new ValueBar(header);
    connect(m_valueBar, &ValueBar::changed, this, &DistributionPage::rebin);
    flow->addWidget(m_valueBar);
    m_charts = new QStackedWidget(card);
    m_charts->setMinimumHeight(220);
    m_bitWeights = new BitWeightChart(m_charts);
    m_trial = new CompareTrial(session(), *m_bitWeights, this);
    m_charts->addWidget(m_bitWeights);
    m_apply->hide();
    m_reset->hide();
    connect(m_trial, &CompareTrial::changed, this, &DistributionPage::onTrial);
    connect(m_bitWeights, &BitWeightChart::activated, this, [this](int bar) {
        const QString counted = u"|%1|"_s.arg(countedAs(this->session().currentStatistics()));
        Q_EMIT queryRequested(barQuery(m_bitWeights->bars()[static_cast<std::size_t>(bar)], counted));
    });
    connect(m_apply, &QPushButton::clicked, m_trial, &CompareTrial::apply);
    connect(m_reset, &QPushButton::clicked, m_bitWeights, &BitWeightChart::resetType);
    card->box()->addWidget(header);
    card->box()->addWidget(m_charts, 1);
    connect(m_switch, &Segmented::selected, this, &DistributionPage::showChart);
    return card;
}

void DistributionPage::rebin()
{
    m_hasBinned = false;
    refreshChart();
}

bool DistributionPage::idle() const
{
    return !m_binning.running() && !m_floatBits.running() && m_trial->idle() && m_flow->idle();
}

void DistributionPage::onTrial()
{
    const SlotRef slot = session().currentSlot();
    refreshFigures(slot, session().currentStatistics());
    refreshProvenance(slot);
    if (m_switch->current() == Codes)
        showCodes(slot, session().currentStatistics());
    if (m_switch->current() == Values)
        showValues(slot, session().currentStatistics());
    const bool active = m_trial->active(slot);
    const QString problem = active ? m_trial->applyProblem() : QString();
    m_reset->setVisible(active);
    m_apply->setVisible(active && session().presetsApply());
    m_apply->setEnabled(problem.isEmpty());
    m_apply->setToolTip(plainTip(problem.isEmpty()
            ? tr("%1 becomes the recipe of this layer; it can be undone (Ctrl+Z)").arg(m_trial->typeName())
            : problem));
}

BarChart *DistributionPage::makeBars(const QString &name)
{
    auto *chart = new BarChart(name);
    m_charts->addWidget(chart);
    connect(chart, &BarChart::activated, this, [this, chart](int bar) {
        const bool values = chart == m_values;
        if (values || !m_trial->active(this->session().currentSlot())) // no element has a code that is only tried
            Q_EMIT queryRequested(
                chart->data().query(static_cast<std::size_t>(bar)) + (values ? m_valueBar->channelTerm() : QString()));
    });
    return chart;
}

void DistributionPage::showChart(int chart)
{
    m_switch->setCurrent(chart);
    if (chart == Values && !m_values)
        m_values = makeBars(tr("Value histogram"));
    if (chart == Codes && !m_codes)
        m_codes = makeBars(tr("Code histogram"));
    QWidget *widgets[] = {m_bitWeights, m_values, m_codes};
    m_charts->setCurrentWidget(widgets[chart]);
    m_legend->setVisible(chart == BitWeights);
    refreshChart();
}

void DistributionPage::refresh()
{
    const SlotRef slot = session().currentSlot();
    refreshChart();
    onTrial(); // the figures, of the file or of what is tried
    m_table->setSlot(session().state() == Session::State::Ready ? slot : SlotRef());
    m_table->setVisible(slot.readable());
    const bool flows = static_cast<bool>(shownFlow(session()));
    m_flow->setVisible(flows);
    m_flow->refresh();
    for (QWidget *widget : m_ofTensor)
        widget->setVisible(!flows);
    if (const SlotStatistics *statistics = slot.hasCodes() ? session().currentStatistics() : nullptr)
        m_table->setLargest(std::max(
            std::abs(static_cast<double>(statistics->codesMin)), std::abs(static_cast<double>(statistics->codesMax))));
}

void DistributionPage::refreshCaptions(const SlotRef &slot)
{
    ChartCaption bits = chartCaption(session(), slot, tr("bit weights"));
    bits.legend = [](QPainter &painter, const QRectF &line) { paintBitLegend(painter, line); };
    m_bitWeights->actions()->setCaption(std::move(bits));
    if (m_values)
        m_values->actions()->setCaption(chartCaption(session(), slot, tr("values")));
    if (m_codes)
        m_codes->actions()->setCaption(chartCaption(session(), slot, tr("codes")));
}

void DistributionPage::refreshFigures(const SlotRef &slot, const SlotStatistics *statistics)
{
    const bool trying = statistics && m_trial->active(slot);
    const auto figures = !slot ? std::vector<FigureText>{}
        : trying               ? m_trial->figures(*statistics)
                               : slotFigures(*slot.slot, statistics);
    for (std::size_t i = 0; i < m_figures.size(); ++i) {
        m_figures[i]->setVisible(i < figures.size() && !figures[i].value.isEmpty());
        if (i < figures.size())
            m_figures[i]->setValue(figures[i].value, figures[i].tip, figures[i].query);
    }
}

void DistributionPage::refreshProvenance(const SlotRef &slot)
{
    m_provenance->setText(m_trial->active(slot)
            ? tr("%1 is tried here and not applied: rounding half to even, saturating. The file has %2.")
                    .arg(m_trial->typeName().toHtmlEscaped(), typeText(*slot.slot->quantizer).toHtmlEscaped())
                + m_trial->lostBias()
            : slot ? provenanceText(*slot.slot)
                   : QString());
    m_provenance->setVisible(!m_provenance->text().isEmpty());
}

QString DistributionPage::waitingText(const SlotRef &slot) const
{
    if (!slot)
        return tr("This layer has no tensor.");
    const QString problem = session().statistics().problem(slot.id());
    if (!problem.isEmpty())
        return problem;
    if (!slot.slot->tensor)
        return tr("An activation: its values exist only while the network runs.");
    if (!slot.slot->tensor->problem.empty())
        return qs(slot.slot->tensor->problem);
    return slot.hasCodes() || session().state() != Session::State::Ready
        ? tr("being computed…")
        : tr("There is no quantizer with integer codes.");
}

void DistributionPage::refreshChart()
{
    m_floatBits.cancel(); // of what was shown before
    const SlotRef slot = session().currentSlot();
    refreshCaptions(slot);
    m_bitWeights->setOverlays(otherSelectedLayers(session(), slot));
    const SlotStatistics *statistics = slot.hasCodes() ? session().currentStatistics() : nullptr;
    m_valueBar->setVisible(m_switch->current() == Values && slot.readable());
    const SlotStatistics *soFar = statistics || !slot.hasCodes() ? nullptr : session().statistics().soFar(slot.id());
    m_zeros->setText(statistics
            ? tr("%1 of %2")
                  .arg(countText(statistics->bitWeights.zeros, tr("exact zero")), groupedText(statistics->count))
            : soFar ? soFarText(soFar->count, slot.count())
                    : QString());
    if (const QString left = notDrawnText(session(), slot); m_switch->current() == BitWeights && !left.isEmpty())
        m_zeros->setText(m_zeros->text() + u" · "_s + left);
    if (statistics && m_switch->current() != BitWeights)
        showBitWeights(slot, statistics); // what is tried there is shown everywhere
    switch (m_switch->current()) {
    case Values: return showValues(slot, statistics);
    case Codes: return showCodes(slot, statistics ? statistics : soFar);
    default: return soFar ? showGrowing(slot, *soFar) : showBitWeights(slot, statistics);
    }
}

/// "37,748,736 of 100,000,000 elements so far".
QString DistributionPage::soFarText(std::uint64_t done, std::uint64_t total)
{
    return tr("%1 of %2 elements so far").arg(groupedText(done), groupedText(total));
}

void DistributionPage::showGrowing(const SlotRef &slot, const SlotStatistics &soFar)
{
    m_bitWeights->setEditable(false);
    m_bitWeights->setData(&soFar.bitWeights, bitWindow(*slot.slot->quantizer));
}

void DistributionPage::showBitWeights(const SlotRef &slot, const SlotStatistics *statistics)
{
    if (statistics)
        return m_trial->show(slot, *statistics);
    m_bitWeights->setData(nullptr, {}, waitingText(slot));
    if (!slot.readable() || slot.hasCodes() || session().state() != Session::State::Ready)
        return;
    m_floatBits.startShowing(
        [slot](const Progress &progress, const Partial<BitWeightHistogram> &partial) {
            return floatBitWeights(*slot.slot, progress, partial);
        },
        [this](Result<BitWeightHistogram> histogram) {
            m_zeros->setText({});
            if (histogram)
                m_bitWeights->setData(&*histogram, {});
            else
                m_bitWeights->setData(nullptr, {}, qs(histogram.error().message));
        },
        [this, total = slot.count()](const BitWeightHistogram &soFar) {
            m_zeros->setText(soFarText(soFar.total() + soFar.nonFinite, total));
            m_bitWeights->setData(&soFar, {});
        });
}

void DistributionPage::showValues(const SlotRef &slot, const SlotStatistics *statistics)
{
    if (!statistics)
        return showNoValues(waitingText(slot));
    if (!slot.hasValues())
        return showNoValues(tr("The file has these integers and no scale: what they stand for is not known."));
    // The limits are those of the type that is tried, once its figures are there.
    const CandidateResult *tried = m_trial->active(slot) ? m_trial->exactResult() : nullptr;
    const Quantizer quantizer = tried ? *tried->slot.quantizer : *slot.slot->quantizer;
    if ((m_trial->active(slot) && !tried) || (m_hasBinned && m_binned == slot && m_binnedFor == quantizer))
        return;
    m_binnedFor = quantizer;
    if (m_binned != slot || !m_valueBar->hasChannels())
        m_valueBar->setChannels(*statistics);
    m_hasBinned = true;
    m_binned = slot;
    const int zoom = m_valueBar->zoom();
    auto window = valueWindow(*statistics, zoom, kValueBins);
    if (!window)
        return showNoValues(tr("%1 of %2 values are NaN or infinite: there is no range to show.")
                                .arg(groupedText(statistics->nonFinite), groupedText(statistics->count)));
    std::uint64_t count = statistics->count;
    window->channel = m_valueBar->channel();
    if (window->channel)
        count = statistics->channels[*window->channel].count;
    const auto show = [this, quantizer, count, zoom, log = m_valueBar->logarithmic(), counted = countedAs(statistics)](
                          const ValueHistogram &histogram) {
        BarData bars = valueBars(histogram, &quantizer, count, zoom > 1, counted);
        m_values->setData(log ? logCounts(std::move(bars)) : std::move(bars));
    };
    bin(slot, *window, show);
}

void DistributionPage::showNoValues(const QString &why)
{
    m_binning.cancel();
    m_hasBinned = false;
    m_values->showMessage(why);
}

void DistributionPage::bin(
    const SlotRef &slot, const ValueWindow &window, const std::function<void(const ValueHistogram &)> &show)
{
    m_binning.startShowing(
        [slot, window](const Progress &progress, const Partial<ValueHistogram> &partial) {
            return valueHistogram(*slot.slot, window, progress, partial);
        },
        [this, show](Result<ValueHistogram> histogram) {
            if (!histogram)
                m_values->showMessage(qs(histogram.error().message));
            else if (std::all_of(
                         histogram->bins.begin(), histogram->bins.end(), [](std::uint64_t bin) { return bin == 0; }))
                m_values->showMessage(tr("No value lies between %1 and %2.")
                                          .arg(numberText(histogram->low), numberText(histogram->high)));
            else
                show(*histogram);
        },
        show);
}

void DistributionPage::showCodes(const SlotRef &slot, const SlotStatistics *statistics)
{
    const CandidateResult *tried = m_trial->active(slot) ? m_trial->exactResult() : nullptr;
    if (tried && tried->figures)
        m_codes->setData(codeBars(tried->figures->codes, *tried->slot.quantizer, tried->figures->count));
    else if (m_trial->active(slot))
        m_codes->showMessage(waitingText(slot));
    else if (statistics)
        m_codes->setData(codeBars(statistics->codes, *slot.slot->quantizer, statistics->count));
    else
        m_codes->showMessage(waitingText(slot));
}

} // namespace quantscope

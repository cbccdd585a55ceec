#include "pages/distribution/distribution_page.h"

#include "analysis/value_histogram.h"
#include "charts/bar_data.h"
#include "charts/bit_weight_chart.h"
#include "items/facts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/distribution/codes_table.h"
#include "pages/distribution/compare_trial.h"
#include "pages/distribution/legend.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kValueBins = 128;

DistributionPage::DistributionPage(Session &session, QWidget *parent)
    : Page(session, parent)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeFigures());
    column->addWidget(makeCharts(), 2);
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
    static const QString kNames[] = {tr("type"), tr("scale"), tr("fractional bits"), tr("range"), tr("SQNR"),
        tr("at limit in file"), tr("rounded to 0"), tr("codes used"), tr("would clip")};
    for (std::size_t i = 0; i < std::size(kIds); ++i) {
        m_figures.push_back(new Figure(kNames[i], u"figure-"_s + QLatin1String(kIds[i])));
        m_figureRow->layout()->addWidget(m_figures.back());
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
    m_valueBar = makeValueBar(header);
    flow->addWidget(m_valueBar);
    m_charts = new QStackedWidget(card);
    m_charts->setMinimumHeight(220);
    m_bitWeights = new BitWeightChart(m_charts);
    m_trial = new CompareTrial(session(), *m_bitWeights, this);
    m_charts->addWidget(m_bitWeights);
    m_apply->hide();
    m_reset->hide();
    connect(m_trial, &CompareTrial::changed, this, &DistributionPage::onTrial);
    connect(m_apply, &QPushButton::clicked, m_trial, &CompareTrial::apply);
    connect(m_reset, &QPushButton::clicked, m_bitWeights, &BitWeightChart::resetType);
    card->box()->addWidget(header);
    card->box()->addWidget(m_charts, 1);
    connect(m_switch, &Segmented::selected, this, &DistributionPage::showChart);
    return card;
}

/// What the value histogram shows: one channel or all, a part around zero, counts or their logarithm.
QWidget *DistributionPage::makeValueBar(QWidget *parent)
{
    auto *bar = new QWidget(parent);
    auto *row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_channel = new QComboBox(bar);
    m_channel->setObjectName(u"value-channel"_s);
    m_channel->setAccessibleName(tr("Channel"));
    m_channel->setToolTip(plainTip(tr("The output channel whose weights are counted")));
    m_zoom = new QComboBox(bar);
    m_zoom->setObjectName(u"value-zoom"_s);
    m_zoom->setAccessibleName(tr("Zoom"));
    m_zoom->setToolTip(plainTip(tr("Which part of the range around zero is binned")));
    for (const int factor : {1, 2, 4, 8, 16, 32})
        m_zoom->addItem(factor == 1 ? tr("whole range") : tr("%1 x").arg(factor), factor);
    m_log = new QCheckBox(tr("log count"));
    m_log->setObjectName(u"value-log"_s);
    m_log->setToolTip(plainTip(tr("A logarithmic axis, which shows a bar of one element too")));
    for (QWidget *widget :
        {static_cast<QWidget *>(m_channel), static_cast<QWidget *>(m_zoom), static_cast<QWidget *>(m_log)})
        row->addWidget(widget);
    bar->hide();
    connect(m_channel, &QComboBox::activated, this, &DistributionPage::rebin);
    connect(m_zoom, &QComboBox::activated, this, &DistributionPage::rebin);
    connect(m_log, &QCheckBox::toggled, this, &DistributionPage::rebin);
    return bar;
}

void DistributionPage::rebin()
{
    m_hasBinned = false;
    refreshChart();
}

bool DistributionPage::idle() const { return !m_binning.running() && !m_floatBits.running() && m_trial->idle(); }

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

void DistributionPage::showChart(int chart)
{
    m_switch->setCurrent(chart);
    if (chart == Values && !m_values) {
        m_values = new BarChart(tr("Value histogram"));
        m_charts->addWidget(m_values);
    }
    if (chart == Codes && !m_codes) {
        m_codes = new BarChart(tr("Code histogram"));
        m_charts->addWidget(m_codes);
    }
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
            m_figures[i]->setValue(figures[i].value, figures[i].tip);
    }
}

void DistributionPage::refreshProvenance(const SlotRef &slot)
{
    QStringList parts;
    if (m_trial->active(slot)) {
        m_provenance->setText(
            tr("%1 is tried here and not applied: rounding half to even, saturating. The file has %2.")
                .arg(m_trial->typeName().toHtmlEscaped(), typeText(*slot.slot->quantizer).toHtmlEscaped()));
        return m_provenance->show();
    }
    if (slot)
        for (const Fact &fact : provenanceLine(*slot.slot)) {
            const QColor colour = fact.assumed ? colours().amberText : colours().green;
            const QString detail = fact.detail.isEmpty() ? QString() : u" "_s + fact.detail.toHtmlEscaped();
            parts << u"%1 <span style='color:%2; font-weight:600'>%3</span>%4"_s.arg(
                fact.label, colour.name(), fact.word, detail);
        }
    if (slot && !slot.slot->formula.empty() && slot.slot->quantizer)
        parts << withPowers(qs(slot.slot->formula)).toHtmlEscaped().replace(u'\n', u" · "_s);
    m_provenance->setText(parts.join(u" · "_s));
    m_provenance->setVisible(!parts.isEmpty());
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
    const SlotStatistics *statistics = slot.hasCodes() ? session().currentStatistics() : nullptr;
    m_valueBar->setVisible(m_switch->current() == Values && slot.readable());
    const SlotStatistics *soFar = statistics || !slot.hasCodes() ? nullptr : session().statistics().soFar(slot.id());
    m_zeros->setText(statistics
            ? tr("%1 of %2")
                  .arg(countText(statistics->bitWeights.zeros, tr("exact zero")), groupedText(statistics->count))
            : soFar ? soFarText(soFar->count, slot.count())
                    : QString());
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
    if (statistics) {
        if (m_trial->active(slot)) // what is tried outlives a refresh
            return;
        m_bitWeights->setEditable(slot.hasValues() && slot.slot->quantizer->kind == QuantizerKind::Affine);
        m_bitWeights->setData(&statistics->bitWeights, bitWindow(*slot.slot->quantizer));
        return;
    }
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

void DistributionPage::fillChannels(const SlotStatistics &statistics)
{
    static constexpr std::size_t kMostChannels = 4096;
    m_channel->clear();
    m_channel->addItem(tr("all channels"));
    const std::size_t count = statistics.channels.size() > 1 ? std::min(statistics.channels.size(), kMostChannels) : 0;
    for (std::size_t c = 0; c < count; ++c)
        m_channel->addItem(tr("channel %1").arg(c));
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
    if (m_binned != slot || m_channel->count() == 0)
        fillChannels(*statistics);
    m_hasBinned = true;
    m_binned = slot;
    const int zoom = m_zoom->currentData().toInt();
    auto window = valueWindow(*statistics, zoom, kValueBins);
    if (!window)
        return showNoValues(tr("%1 of %2 values are NaN or infinite: there is no range to show.")
                                .arg(groupedText(statistics->nonFinite), groupedText(statistics->count)));
    std::uint64_t count = statistics->count;
    if (m_channel->currentIndex() > 0) {
        window->channel = static_cast<std::size_t>(m_channel->currentIndex() - 1);
        count = statistics->channels[*window->channel].count;
    }
    const auto show = [this, quantizer, count, zoom, log = m_log->isChecked()](const ValueHistogram &histogram) {
        BarData bars = valueBars(histogram, &quantizer, count, zoom > 1);
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

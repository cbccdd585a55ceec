#include "pages/distribution/flow_view.h"

#include "charts/bar_data.h"
#include "charts/bit_weight_chart.h"
#include "items/run_texts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/distribution/flow_trial.h"
#include "pages/distribution/legend.h"
#include "pages/parts/chart_caption.h"
#include "pages/parts/provenance_text.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>

using namespace Qt::StringLiterals;

namespace quantscope {

FlowView::FlowView(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeFigures());
    column->addWidget(makeCharts(), 1);
}

QWidget *FlowView::makeFigures()
{
    auto *card = new Card(this);
    m_figureRow = new QWidget(card);
    new FlowLayout(m_figureRow, 8, true);
    m_provenance = dimLabel();
    m_provenance->setWordWrap(true);
    m_provenance->setTextFormat(Qt::RichText);
    m_provenance->setFont(Theme::sans(0.92));
    m_provenance->setObjectName(u"flow-provenance"_s);
    m_apply = textButton(tr("Apply"),
        tr("The tried type becomes the recipe of this quantizer, and the network runs with it; it can be undone "
           "(Ctrl+Z)"));
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"flow-apply"_s);
    m_reset = textButton(tr("Reset"), tr("Back to the type that is calibrated in the file (Esc)"));
    m_reset->setObjectName(u"flow-reset"_s);
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

QWidget *FlowView::makeCharts()
{
    auto *card = new Card(this);
    auto *header = new QWidget(card);
    auto *flow = new FlowLayout(header, 14);
    m_switch = new Segmented(tr("Histogram on data"), header);
    m_switch->setItems({tr("Bit weights"), tr("Codes")});
    m_switch->setItemTip(
        BitWeights, tr("one bar is one bit of the word: how many |x| that flowed lie in [2^k, 2^(k+1))"));
    m_switch->setItemTip(Codes, tr("how often each integer left the quantizer; the ends of its range are marked"));
    m_legend = new BitLegend;
    m_seen = plainLabel();
    m_seen->setFont(Theme::sans(0.92));
    m_seen->setObjectName(u"flow-legend"_s);
    m_zeros = dimLabel();
    m_zeros->setObjectName(u"flow-zeros"_s);
    for (QWidget *widget : {static_cast<QWidget *>(m_switch), static_cast<QWidget *>(m_legend),
             static_cast<QWidget *>(m_seen), static_cast<QWidget *>(m_zeros)})
        flow->addWidget(widget);
    m_charts = new QStackedWidget(card);
    m_charts->setMinimumHeight(220);
    m_bitWeights = new BitWeightChart(m_charts);
    m_bitWeights->setSubject(u"|x|"_s);
    m_trial = new FlowTrial(m_session, *m_bitWeights, this);
    m_charts->addWidget(m_bitWeights);
    card->box()->addWidget(header);
    card->box()->addWidget(m_charts, 1);
    connect(m_trial, &FlowTrial::changed, this, [this] {
        refreshFigures();
        refreshWords();
        refreshCodes();
    });
    connect(&m_session.proposals(), &Proposals::changed, this, [this] {
        if (const ShownFlow now = shownFlow(m_session); isVisible() && now.flow && now.flow == m_shown.flow)
            m_trial->follow(m_shown);
    });
    connect(m_apply, &QPushButton::clicked, m_trial, &FlowTrial::apply);
    connect(m_reset, &QPushButton::clicked, m_bitWeights, &BitWeightChart::resetType);
    connect(m_switch, &Segmented::selected, this, &FlowView::showChart);
    return card;
}

bool FlowView::idle() const { return m_trial->idle(); }

void FlowView::refresh()
{
    m_shown = shownFlow(m_session);
    if (!m_trial->active(m_shown))
        refreshCharts(); // what is tried outlives a refresh
    m_trial->follow(m_shown);
    refreshFigures();
    refreshWords();
    refreshCodes();
}

void FlowView::showChart(int chart)
{
    m_switch->setCurrent(chart);
    if (chart == Codes && !m_codes) {
        m_codes = new BarChart(tr("Histogram of codes on data"));
        m_charts->addWidget(m_codes);
    }
    m_charts->setCurrentWidget(chart == Codes ? static_cast<QWidget *>(m_codes) : m_bitWeights);
    refreshCodes();
    refreshWords();
}

void FlowView::refreshFigures()
{
    setFigures(!m_shown                ? std::vector<FigureText>()
            : m_trial->active(m_shown) ? m_trial->figures(m_shown)
                                       : flowFigures(m_shown.slot, m_shown.flow.get()));
}

/// A figure keeps its name: other names are other figures.
void FlowView::setFigures(const std::vector<FigureText> &figures)
{
    QStringList names;
    for (const FigureText &figure : figures)
        names << figure.name;
    if (names != m_names) {
        qDeleteAll(m_figures);
        m_figures.clear();
        for (const QString &name : names) {
            m_figures.push_back(new Figure(name, u"flow-"_s + QString(name).replace(u' ', u'-')));
            m_figureRow->layout()->addWidget(m_figures.back());
            m_figures.back()->show();
        }
        m_names = names;
    }
    for (std::size_t i = 0; i < figures.size(); ++i)
        m_figures[i]->setValue(figures[i].value, figures[i].tip);
}

/// "bars: seen on data, 360 samples · window: calibrated in the file".
QString FlowView::legendText() const
{
    const RunResult *result = m_session.runs().result();
    if (!m_shown.flow || !result)
        return {};
    const QString seen = tr("bars: seen on data (%1)").arg(countText(result->samples, tr("sample")));
    const bool hasWindow = m_shown.slot && m_shown.slot->quantizer && m_switch->current() == BitWeights;
    return hasWindow ? seen + u" · "_s
            + (m_trial->active(m_shown) ? tr("window: tried, not in the file") : tr("window: calibrated in the file"))
                     : seen;
}

void FlowView::refreshWords()
{
    const bool trying = m_trial->active(m_shown);
    m_reset->setVisible(trying);
    m_apply->setVisible(trying && m_trial->canApply());
    m_legend->setVisible(m_switch->current() == BitWeights && m_shown.flow && m_shown.slot && m_shown.slot->quantizer);
    m_seen->setText(legendText());
    m_seen->setVisible(!m_seen->text().isEmpty());
    const LayerFlow *flow = m_shown.flow.get();
    m_zeros->setText(flow ? tr("%1 of %2")
                                .arg(countText(flow->figures.seen.bitWeights.zeros, tr("exact zero")),
                                    groupedText(flow->figures.seen.count))
                          : QString());
    if (trying && !m_trial->problem().isEmpty())
        m_provenance->setText(m_trial->problem().toHtmlEscaped());
    else if (trying)
        m_provenance->setText(
            tr("%1 is tried here and not applied: rounding half to even, saturating. The file has %2.")
                .arg(m_trial->typeName().toHtmlEscaped(), typeText(*m_shown.slot->quantizer).toHtmlEscaped()));
    else
        m_provenance->setText(m_shown.slot ? provenanceText(*m_shown.slot)
                                           : tr("What the layer computes, its bias included, before any quantizer."));
    m_provenance->setVisible(!m_provenance->text().isEmpty());
}

void FlowView::refreshCharts()
{
    m_trial->stop();
    const LayerFlow *flow = m_shown.flow.get();
    const Quantizer *quantizer = m_shown.slot && m_shown.slot->quantizer ? &*m_shown.slot->quantizer : nullptr;
    const bool hasCodes = flow && flow->figures.hasCodes;
    m_switch->setItemEnabled(Codes, hasCodes);
    if (!hasCodes && m_switch->current() == Codes)
        showChart(BitWeights);
    const bool isInputSeen = flow && (!hasCodes || flow->figures.seen.clipped);
    m_bitWeights->setEditable(
        isInputSeen && quantizer && quantizer->isComplete() && quantizer->kind == QuantizerKind::Affine);
    m_bitWeights->setData(flow ? &flow->figures.seen.bitWeights : nullptr,
        flow && quantizer ? bitWindow(*quantizer) : std::nullopt,
        m_shown && !flow ? whyNotSeen(m_session, m_shown) : QString());
    if (!m_shown)
        return;
    ChartCaption bits = chartCaption(m_session, m_shown.ref(), tr("bit weights on data"));
    bits.legend = [](QPainter &painter, const QRectF &line) { paintBitLegend(painter, line); };
    m_bitWeights->actions()->setCaption(std::move(bits));
}

void FlowView::refreshCodes()
{
    if (!m_codes || m_switch->current() != Codes)
        return;
    const bool trying = m_trial->active(m_shown);
    const LayerFlow *flow = trying ? m_trial->exact() : m_shown.flow.get();
    m_codes->actions()->setCaption(chartCaption(m_session, m_shown.ref(), tr("codes on data")));
    if (!flow || !m_shown.slot || !m_shown.slot->quantizer)
        return m_codes->showMessage(trying ? tr("being computed…") : whyNotSeen(m_session, m_shown));
    FlowFigures figures = flow->figures;
    figures.wholeCodes();
    Quantizer quantizer = *m_shown.slot->quantizer;
    if (trying)
        if (const auto type = m_bitWeights->triedType()) {
            quantizer.bitWidth = type->width;
            quantizer.narrow = false;
        }
    m_codes->setData(codeBars(figures.seen.codes, quantizer, figures.seen.count));
}

} // namespace quantscope

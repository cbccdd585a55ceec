#include "pages/channels/channels_page.h"

#include "charts/bar_data.h"
#include "checks/channel_rules.h"
#include "diff/find_changes.h"
#include "items/facts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/parts/chart_caption.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

ChannelsPage::ChannelsPage(Session &session, QWidget *parent)
    : Page(session, parent)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeChart(), 1);
    column->addWidget(makeTable(), 1);
    connect(m_metric, &Segmented::selected, this, &ChannelsPage::showMetric);
    connect(m_chart, &BarChart::activated, this, [this](int bar) {
        const int merge = std::max(
            1, (m_model.rowCount() + static_cast<int>(BarChart::kMaxBars) - 1) / static_cast<int>(BarChart::kMaxBars));
        const QModelIndex row = m_proxy.mapFromSource(m_model.index(bar * merge, 0));
        m_table->selectRow(row.row());
        m_table->scrollTo(row);
    });
    connect(&session.runs(), &RunStore::resultChanged, this, &ChannelsPage::schedule);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex &index) {
        if (m_model.isSeen())
            return; // what flowed is not kept
        const int channel = m_model.row(m_proxy.mapToSource(index).row()).channel;
        Q_EMIT queryRequested(u"channel = %1"_s.arg(channel));
    });
}

QWidget *ChannelsPage::makeChart()
{
    auto *chartCard = new Card;
    auto *header = new FlowLayout(nullptr, 10);
    m_metric = new Segmented(tr("What the chart shows"));
    m_metric->setItems({tr("Range"), tr("Scale"), tr("SQNR"), tr("At limit")});
    m_metric->setItemTip(0, tr("smallest and largest float weight of each channel"));
    m_metric->setItemTip(3, tr("share of a channel's codes that equal an end of the range"));
    m_summary = dimLabel();
    m_summary->setObjectName(u"channels-summary"_s);
    m_summary->setWordWrap(true);
    m_summary->setMinimumWidth(260);
    m_summary->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    header->addWidget(m_metric);
    header->addWidget(m_summary);
    m_chart = new BarChart(tr("Channels"));
    chartCard->box()->addLayout(header);
    chartCard->box()->addWidget(m_chart, 1);
    return chartCard;
}

QWidget *ChannelsPage::makeTable()
{
    auto *tableCard = new Card(nullptr, 1);
    m_table = new QTableView;
    setUpTable(m_table, tr("Channels"));
    m_table->setObjectName(u"channels"_s);
    m_table->setToolTip(plainTip(tr("Enter or a double click finds the channel in Values")));
    m_proxy.setSourceModel(&m_model);
    m_table->setModel(&m_proxy);
    m_table->setSortingEnabled(true);
    m_table->setColumnHidden(ChannelModel::Changed, true);
    m_table->sortByColumn(0, Qt::AscendingOrder);
    m_table->setFont(Theme::mono(0.95));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_table->horizontalHeader()->setMinimumSectionSize(
        QFontMetrics(Theme::mono(0.95)).horizontalAdvance(u"-0.0000000"_s) + 14);
    tableCard->box()->addWidget(m_table);
    tableCard->setMinimumHeight(140);
    m_tableCard = tableCard;
    return tableCard;
}

/// Empty where a channel is zero throughout.
QString ChannelsPage::reachText() const
{
    double widest = 0;
    double narrowest = INFINITY;
    for (int row = 0; row < m_model.rowCount(); ++row) {
        const double reach = std::max(
            std::abs(m_model.number(row, ChannelModel::Low)), std::abs(m_model.number(row, ChannelModel::High)));
        widest = std::max(widest, reach);
        narrowest = std::min(narrowest, reach);
    }
    return narrowest > 0 && std::isfinite(narrowest)
        ? tr("widest channel reaches %1 times as far as the narrowest").arg(QString::number(widest / narrowest, 'f', 1))
        : QString();
}

QString ChannelsPage::summary(const SlotRef &slot) const
{
    const int count = m_model.rowCount();
    double worst = INFINITY;
    int worstAt = -1;
    for (int row = 0; row < count; ++row)
        if (const double db = m_model.number(row, ChannelModel::Sqnr); db < worst) {
            worst = db;
            worstAt = row;
        }
    QStringList parts{countText(static_cast<std::uint64_t>(count), tr("channel")), granularityText(*slot.slot)};
    if (worstAt >= 0)
        parts << tr("lowest SQNR %1 in channel %2").arg(decibelText(worst)).arg(worstAt);
    if (const QString reach = reachText(); !reach.isEmpty())
        parts << reach;
    return parts.join(u" · "_s);
}

void ChannelsPage::refresh()
{
    const ShownFlow shown = shownFlow(session());
    for (const int column : {ChannelModel::Codes, ChannelModel::AtLimit, ChannelModel::Sqnr})
        m_table->setColumnHidden(column, static_cast<bool>(shown));
    if (shown)
        refreshSeen(shown);
    else
        refreshTensor();
}

void ChannelsPage::refreshSeen(const ShownFlow &shown)
{
    m_comparing.cancel();
    m_comparison.reset();
    m_table->setColumnHidden(ChannelModel::Changed, true);
    m_shown = {};
    const bool hasChannels = shown.flow && !shown.flow->figures.seen.channels.empty();
    m_metric->setVisible(hasChannels);
    m_tableCard->setVisible(hasChannels);
    if (!hasChannels) {
        m_seen.reset();
        m_model.setChannels({}, {});
        m_summary->clear();
        return m_chart->showMessage(shown.flow ? tr("What flows here has no channels.") : whyNotSeen(session(), shown));
    }
    m_chart->actions()->setCaption(chartCaption(session(), shown.ref(), tr("channels on data")));
    if (m_seen == shown.flow)
        return;
    m_seen = shown.flow;
    const auto *quantizer = shown.slot && shown.slot->quantizer ? &*shown.slot->quantizer : nullptr;
    m_model.setSeen(quantizer, m_seen->figures.seen.channels);
    QStringList parts{countText(static_cast<std::uint64_t>(m_model.rowCount()), tr("channel")),
        tr("seen on data (%1)").arg(countText(session().runs().result()->samples, tr("sample")))};
    if (quantizer)
        parts << tr("calibrated in the file: %1").arg(rangeText(*quantizer, 4));
    if (const QString reach = reachText(); !reach.isEmpty())
        parts << reach;
    m_summary->setText(parts.join(u" · "_s));
    m_metric->setItemEnabled(1, quantizer != nullptr);
    m_metric->setItemEnabled(2, false);
    m_metric->setItemEnabled(3, false);
    if (m_metric->current() > (quantizer ? 1 : 0))
        m_metric->setCurrent(0);
    showMetric();
}

void ChannelsPage::refreshTensor()
{
    m_seen.reset();
    const SlotRef slot = session().currentSlot();
    const bool minifloats = slot.hasValues() && !slot.hasCodes();
    const bool counted = slot.hasValues() && slot.hasCodes();
    const SlotStatistics *statistics = counted ? session().currentStatistics() : nullptr;
    const bool channels = counted && !(statistics && statistics->channels.empty());
    m_metric->setVisible(channels);
    m_tableCard->setVisible(channels);
    if (!statistics || statistics->channels.empty()) {
        m_shown = {};
        m_model.setChannels({}, {});
        m_summary->clear();
        const bool computing = counted && !statistics;
        m_chart->showMessage(computing ? tr("being computed…")
                : minifloats           ? tr("The channels of minifloats are not computed.")
                : slot.hasCodes() && !slot.hasValues()
                ? tr("The file has these integers and no scale.")
                : tr("This layer has no quantized tensor with output channels."));
        return;
    }
    m_chart->actions()->setCaption(chartCaption(session(), slot, tr("channels")));
    if (m_shown == slot)
        return compareChannels();
    m_comparing.cancel();
    m_comparison.reset();
    m_shown = slot;
    m_model.setChannels(slot, statistics->channels);
    m_summary->setText(summary(slot));
    m_metric->setItemEnabled(1, true);
    m_metric->setItemEnabled(2, statistics->hasFloats);
    m_metric->setItemEnabled(3, true);
    showMetric();
    compareChannels();
}

/// Which channels a second model has otherwise: a column while there is one.
void ChannelsPage::compareChannels()
{
    auto comparison = session().second().comparison();
    m_table->setColumnHidden(ChannelModel::Changed, !comparison);
    if (comparison == m_comparison)
        return;
    m_comparing.cancel();
    m_model.setChanged({});
    m_comparison = std::move(comparison);
    const SlotRef second = m_comparison ? m_comparison->counterpart(m_shown.id()) : SlotRef();
    if (!second.readable())
        return;
    m_comparing.start([first = m_shown, second](
                          const Progress &progress) { return changesByChannel(*first.slot, *second.slot, progress); },
        [this](Result<std::vector<std::uint64_t>> changed) {
            if (changed)
                m_model.setChanged(*changed);
        });
}

void ChannelsPage::selectDead()
{
    refreshNow(); // the slot may have been chosen just now
    const SlotStatistics *known = session().currentStatistics();
    if (!m_shown || !known)
        return;
    const std::vector<std::size_t> dead = deadChannels({*m_shown.layer, *m_shown.slot, known});
    QItemSelection selection;
    for (int row = 0; row < m_model.rowCount(); ++row)
        if (std::ranges::find(dead, static_cast<std::size_t>(m_model.row(row).channel)) != dead.end()) {
            const QModelIndex index = m_proxy.mapFromSource(m_model.index(row, 0));
            selection.select(index, index);
        }
    if (selection.isEmpty())
        return;
    const QModelIndex first = selection.indexes().front();
    m_table->selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    m_table->scrollTo(first);
}

void ChannelsPage::showMetric()
{
    static constexpr ChannelMetric kMetrics[]
        = {ChannelMetric::Range, ChannelMetric::Scale, ChannelMetric::Sqnr, ChannelMetric::AtLimit};
    if (m_model.rowCount() > 0)
        m_chart->setData(channelBars(m_model, kMetrics[m_metric->current()]));
}

} // namespace quantscope

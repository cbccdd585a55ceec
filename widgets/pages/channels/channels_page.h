#pragma once

#include "items/channel_model.h"
#include "items/model_comparison.h"
#include "items/value_proxy.h"
#include "pages/page.h"
#include "session/shown_flow.h"
#include "session/task.h"

class QLabel;
class QTableView;

namespace quantscope {

class BarChart;
class Segmented;

/// Scale, range, SQNR and share at the limits of each output channel, as a chart and a table.
class ChannelsPage : public Page {
    Q_OBJECT
public:
    explicit ChannelsPage(Session &session, QWidget *parent = nullptr);
    ChannelModel *model() { return &m_model; }
    /// The channels that have no code but zero, of the slot that is shown.
    void selectDead();
    bool idle() const override { return !m_comparing.running(); }

protected:
    void refresh() override;
    bool showsStatistics() const override { return true; }

private:
    QWidget *makeChart();
    QWidget *makeTable();
    void showMetric();
    void refreshTensor();
    void refreshSeen(const ShownFlow &shown);
    QString reachText() const;
    void compareChannels();
    QString summary(const SlotRef &slot) const;

    ChannelModel m_model;
    ValueProxy m_proxy;
    Segmented *m_metric;
    QWidget *m_tableCard;
    QLabel *m_summary;
    BarChart *m_chart;
    QTableView *m_table;
    SlotRef m_shown;
    std::shared_ptr<const LayerFlow> m_seen;
    std::shared_ptr<const ModelComparison> m_comparison; ///< whose changes are shown
    Task<std::vector<std::uint64_t>> m_comparing;
};

} // namespace quantscope

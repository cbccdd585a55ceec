#pragma once

#include "analysis/statistics.h"
#include "analysis/value_histogram.h"
#include "items/slot_ref.h"
#include "pages/page.h"
#include "session/task.h"

#include <functional>
#include <vector>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace quantscope {

class BarChart;
class BitLegend;
class BitWeightChart;
class CodesTable;
class CompareTrial;
class Figure;
class FlowView;
class Segmented;
class ValueBar;

/// Figures of a slot, its three histograms and the first codes.
class DistributionPage : public Page {
    Q_OBJECT
public:
    explicit DistributionPage(Session &session, QWidget *parent = nullptr);
    enum Chart { BitWeights, Values, Codes };
    void showChart(int chart);
    bool idle() const override;
    /// The type that is being tried by dragging the window of the bit weights.
    CompareTrial *trial() const { return m_trial; }
    BitWeightChart *bitWeights() const { return m_bitWeights; }
    /// Shown in the place of a tensor's, of what exists only while the network runs.
    FlowView *flow() const { return m_flow; }

protected:
    void refresh() override;
    bool showsStatistics() const override { return true; }

private:
    QWidget *makeFigures();
    QWidget *makeCharts();
    BarChart *makeBars(const QString &name);
    void rebin();
    void refreshFigures(const SlotRef &slot, const SlotStatistics *statistics);
    void refreshProvenance(const SlotRef &slot);
    void refreshChart();
    void onTrial();
    static QString soFarText(std::uint64_t done, std::uint64_t total);
    void showGrowing(const SlotRef &slot, const SlotStatistics &soFar);
    void showBitWeights(const SlotRef &slot, const SlotStatistics *statistics);
    void refreshCaptions(const SlotRef &slot);
    void bin(const SlotRef &slot, const ValueWindow &window, const std::function<void(const ValueHistogram &)> &show);
    void showValues(const SlotRef &slot, const SlotStatistics *statistics);
    void showNoValues(const QString &why);
    void showCodes(const SlotRef &slot, const SlotStatistics *statistics);
    QString waitingText(const SlotRef &slot) const;

    FlowView *m_flow;
    std::vector<QWidget *> m_ofTensor;
    std::vector<Figure *> m_figures;
    QWidget *m_figureRow;
    QLabel *m_provenance;
    Segmented *m_switch;
    BitLegend *m_legend;
    QLabel *m_zeros;
    QStackedWidget *m_charts;
    BitWeightChart *m_bitWeights;
    CompareTrial *m_trial;
    QPushButton *m_apply, *m_reset;
    ValueBar *m_valueBar;
    BarChart *m_values = nullptr; ///< made when first shown: Qt Charts is not cheap to start
    BarChart *m_codes = nullptr;
    CodesTable *m_table;
    SlotRef m_binned;
    std::optional<Quantizer> m_binnedFor;
    bool m_hasBinned = false;
    Task<ValueHistogram> m_binning;
    Task<BitWeightHistogram> m_floatBits;
};

} // namespace quantscope

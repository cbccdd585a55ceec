#pragma once

#include "analysis/statistics.h"
#include "items/row_model.h"
#include "items/slot_ref.h"

namespace quantscope {

struct ChannelRow {
    int channel = 0;
    float scale = 0;
    ChannelStatistics statistics;
    bool isSeen = false; ///< ranges of what flowed, where codes and errors are not kept by channel
    std::optional<std::uint64_t> changed = {}; ///< codes that a second model has otherwise; nothing without one

    double atLimitShare() const;
};

/// Scale, range, share at the limits and SQNR of each output channel.
class ChannelModel : public RowModel<ChannelRow> {
    Q_OBJECT
public:
    enum Column { Channel, Scale, FracBits, Low, High, Codes, AtLimit, Sqnr, Changed, NUM_COLUMNS };
    enum Role { SortRole = kValueRole };

    explicit ChannelModel(QObject *parent = nullptr);
    /// No rows without a quantizer.
    void setChannels(const SlotRef &slot, const std::vector<ChannelStatistics> &channels);
    /// What flowed on data, channel by channel; no quantizer: no scales.
    void setSeen(const Quantizer *quantizer, const std::vector<ChannelStatistics> &channels);
    bool isSeen() const { return m_isSeen; }
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    /// Of each channel the codes that changed; empty where nothing is compared.
    void setChanged(const std::vector<std::uint64_t> &changed);
    /// The value of a column, for the chart; NaN where it is unknown.
    double number(int row, int column) const;

private:
    bool m_isSeen = false;
};

} // namespace quantscope

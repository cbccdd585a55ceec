#pragma once

#include "analysis/statistics.h"
#include "items/row_model.h"
#include "items/slot_ref.h"

namespace quantscope {

struct ChannelRow {
    int channel = 0;
    float scale = 0;
    ChannelStatistics statistics;

    double atLimitShare() const;
};

/// Scale, range, share at the limits and SQNR of each output channel.
class ChannelModel : public RowModel<ChannelRow> {
    Q_OBJECT
public:
    enum Column { Channel, Scale, FracBits, Low, High, Codes, AtLimit, Sqnr, NUM_COLUMNS };
    enum Role { SortRole = kValueRole };

    explicit ChannelModel(QObject *parent = nullptr);
    /// No rows without a quantizer.
    void setChannels(const SlotRef &slot, const std::vector<ChannelStatistics> &channels);
    /// The value of a column, for the chart; NaN where it is unknown.
    double number(int row, int column) const;
};

} // namespace quantscope

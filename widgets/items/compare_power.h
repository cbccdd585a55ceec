#pragma once

#include "analysis/compare.h"
#include "base/progress.h"

#include <QAbstractTableModel>

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// One way to scale a layer's weights, on the way from its float scales to one power of two.
struct PowerRow {
    std::string layer;
    QString rule; ///< "in the file", "per channel, float", "per tensor, float", "2⁻⁷, nearest", ...
    std::string candidate; ///< as it would be applied
    double scale = 0; ///< 0 when there are several
    CandidateResult result;
    std::optional<double> lostDb; ///< against the layer's float scales
    bool best = false; ///< the power of two with the least squared error
};

/// Rows for one slot: the file's own, per channel float, per tensor float, then ap_fixed<W,I> with W − I = −log₂(scale)
/// rounded down, to nearest and up, and the one with the least squared error of all near it. Errors as
/// compareCandidates.
Result<std::vector<PowerRow>> powerOfTwoRows(
    const Network &network, const std::string &layer, const std::string &slot, const Progress &progress = {});

class PowerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, Rule, Scale, Type, Sqnr, Lost, Mse, Clipped, Zeroed, NUM_COLUMNS };
    enum Role { BestRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setRows(std::vector<PowerRow> rows);
    const std::vector<PowerRow> &rows() const { return m_rows; }
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QString text(const PowerRow &row, int column) const;
    std::vector<PowerRow> m_rows;
};

} // namespace quantscope

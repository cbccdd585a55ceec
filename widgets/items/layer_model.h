#pragma once

#include "items/row_model.h"
#include "report/layer_table.h"

#include <memory>
#include <optional>

namespace quantscope {

/// A layer with the worst of its problems.
struct LayerItem : LayerRow {
    std::optional<Severity> worst; ///< nullopt where there are only notes, or nothing
};

/// The layers of a network, one per row; figures that need statistics fill in as they arrive.
class LayerModel : public RowModel<LayerItem> {
    Q_OBJECT
public:
    enum Column { Name, Kind, Shape, Params, Bits, Scale, IntFrac, Sqnr, Saturated, Problems, NUM_COLUMNS };
    enum Role {
        SortRole = kValueRole, ///< raw numbers; an invalid QVariant sorts last
        WeightRole = kOwnRole, ///< bool: the layer has weights (strong), else dim
        SeverityRole, ///< "error", "warning", "note" of the worst problem, or empty
        AssumedRole, ///< bool: a quantizer field is assumed
        MonoRole, ///< bool: set in the monospace font
    };

    explicit LayerModel(QObject *parent = nullptr);
    void setNetwork(std::shared_ptr<const Network> network, const StatisticsMap &statistics = {});
    /// The same network with more problems: rows and selection stay.
    void setDiagnostics(std::shared_ptr<const Network> network, const StatisticsMap &statistics);
    /// Refreshes the row of a layer whose statistics have arrived.
    void updateLayer(const std::string &name, const StatisticsMap &statistics);

    int rowOf(const QString &name) const;
    QString nameAt(int row) const;

protected:
    QVariant own(const LayerItem &row, int column, int role) const override;

private:
    std::vector<LayerItem> items(const StatisticsMap &statistics) const;
    LayerItem itemOf(const Layer &layer, const StatisticsMap &statistics) const;

    std::shared_ptr<const Network> m_network;
};

} // namespace quantscope

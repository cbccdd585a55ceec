#pragma once

#include "items/row_model.h"
#include "network/flow.h"
#include "report/layer_table.h"

#include <memory>
#include <optional>
#include <string>

namespace quantscope {

/// A layer, or what the flow has between layers.
struct ListedRow : LayerRow {
    std::optional<FlowNodeId> node; ///< of the network's flow; nothing for a layer that it does not know
    bool isLayer = true; ///< else an operator, an input or an output of the network
    std::string detail; ///< what it is, where it is no layer
    int place = 0; ///< in the order of the flow, else of the file
};

/// The layers of a network, one per row in the order of the file; figures that need statistics fill in as they arrive.
/// Behind them, if asked for, what else the flow has: such a row cannot be selected.
class LayerModel : public RowModel<ListedRow> {
    Q_OBJECT
public:
    enum Column { Name, Kind, Shape, Params, Bits, Scale, Int, Frac, Sqnr, Saturated, Problems, NUM_COLUMNS };
    enum Role {
        SortRole = kValueRole, ///< raw numbers; an invalid QVariant sorts last
        WeightRole = kOwnRole, ///< bool: the layer has weights (strong), else dim
        SeverityRole, ///< "error", "warning", "note" of the worst problem, or empty
        AssumedRole, ///< bool: a quantizer field is assumed
        WrongRole, ///< bool: a proof says otherwise
        MonoRole, ///< bool: set in the monospace font
        OperatorRole, ///< bool: no layer, but what the flow has between layers
        LanesRole, ///< LaneCell, of Name: only LayerProxy knows it
    };

    explicit LayerModel(QObject *parent = nullptr);
    /// Rows, and what selects them, stay where the names are the same as before.
    void setInspection(const Inspection &inspection);
    /// The same network with more problems: rows and selection stay.
    void updateAll(const Inspection &inspection);
    /// Refreshes the row of a layer whose statistics have arrived.
    void updateLayer(const std::string &name, const Inspection &inspection);
    void showOperators(const Inspection &inspection, bool shown);
    bool showsOperators() const { return m_operators; }
    const std::shared_ptr<const Network> &network() const { return m_network; }

    int rowOf(const QString &name) const;
    /// Empty where the row is no layer.
    QString nameAt(int row) const;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void flowChanged(); ///< another network, or other rows: what flows between them may be another

protected:
    QVariant own(const ListedRow &row, int column, int role) const override;

private:
    std::vector<ListedRow> rowsOf(const Inspection &inspection) const;

    std::shared_ptr<const Network> m_network;
    bool m_operators = false;
};

} // namespace quantscope

#pragma once

#include "items/row_model.h"
#include "report/layer_table.h"

namespace quantscope {

/// The layers of a network, one per row; figures that need statistics fill in as they arrive.
class LayerModel : public RowModel<LayerRow> {
    Q_OBJECT
public:
    enum Column { Name, Kind, Shape, Params, Bits, Scale, IntFrac, Sqnr, Saturated, Problems, NUM_COLUMNS };
    enum Role {
        SortRole = kValueRole, ///< raw numbers; an invalid QVariant sorts last
        WeightRole = kOwnRole, ///< bool: the layer has weights (strong), else dim
        SeverityRole, ///< "error", "warning", "note" of the worst problem, or empty
        AssumedRole, ///< bool: a quantizer field is assumed
        WrongRole, ///< bool: a proof says otherwise
        MonoRole, ///< bool: set in the monospace font
    };

    explicit LayerModel(QObject *parent = nullptr);
    void setInspection(const Inspection &inspection);
    /// The same network with more problems: rows and selection stay.
    void updateAll(const Inspection &inspection);
    /// Refreshes the row of a layer whose statistics have arrived.
    void updateLayer(const std::string &name, const Inspection &inspection);

    int rowOf(const QString &name) const;
    QString nameAt(int row) const;

protected:
    QVariant own(const LayerRow &row, int column, int role) const override;
};

} // namespace quantscope

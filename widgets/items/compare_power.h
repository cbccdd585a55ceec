#pragma once

#include "items/row_model.h"
#include "lab/power_of_two.h"

namespace quantscope {

/// What each way to a power-of-two scale costs.
class PowerModel : public RowModel<PowerRow> {
    Q_OBJECT
public:
    enum Column { Layer, Rule, Scale, Type, Sqnr, Lost, Mse, Clipped, Zeroed, NUM_COLUMNS };
    enum Role { BestRole = kOwnRole };

    explicit PowerModel(QObject *parent = nullptr);

protected:
    QVariant own(const PowerRow &row, int column, int role) const override;
};

} // namespace quantscope

#pragma once

#include "analysis/element_steps.h"

#include <QString>

#include <vector>

namespace quantscope {

/// One number on the way from a float to its code and back.
struct StepFigure {
    QString id; ///< "divided", "rounded", "code", ...
    QString name; ///< what was done: "÷ 2⁻⁶"
    QString value; ///< what it gave
};

/// The steps as a person reads them, in the order of the definition. A file of codes has none before its code.
std::vector<StepFigure> stepFigures(const SlotQuantizer &slot, const ElementSteps &steps);

/// "error = value − float: 0.32 LSB"; empty without a float or an LSB.
QString stepErrorText(const SlotQuantizer &slot, const ElementSteps &steps);

} // namespace quantscope

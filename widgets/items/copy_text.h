#pragma once

#include "items/values_model.h"

#include <QString>

#include <vector>

namespace quantscope {

enum class CopyForm { Tsv, C, Hdl };

/// A rectangle of elements as text for another program.
struct CopyBlock {
    std::string layer;
    Slot slot = Slot::Weight;
    std::vector<std::vector<Element>> rows;
    WordFormat format;
    bool isSigned = true;
    QString order; ///< "[o][i]" where the rows are not in the tensor's own order; C and HDL say it in a comment
};

/// Tsv: what the cells show. C: an array of integers (floats where there are no codes) with its name. Hdl: Verilog
/// literals, one per element, as a localparam array.
QString copyText(const CopyBlock &block, CopyForm form, ValueForm shown);

} // namespace quantscope

#pragma once

#include "network/flow.h"
#include "report/branch_sums.h"
#include "report/layer_table.h"

#include <QString>
#include <QVariant>

#include <array>
#include <functional>
#include <optional>
#include <string>

namespace quantscope {

/// What a store tells of one layer in a column of its own.
struct GivenCell {
    enum class Tone { Plain, Good, Warning, Error }; ///< its colour; the text says the same in words or with a sign
    QString text;
    QString tip; ///< empty: that of the column
    QVariant value; ///< what the column sorts by; invalid where it is unknown
    Tone tone = Tone::Plain;
};
/// Of a layer by its name; nothing where the store has nothing to tell of it.
using GivenCells = std::function<std::optional<GivenCell>(const std::string &layer)>;

/// Columns that others than the inspection fill: LayerModel::Proposed and LayerModel::Change.
constexpr std::size_t kGivenColumns = 2;

/// A layer, a branch of layers, what the flow has between layers, or a layer that only another model has.
struct ListedRow : LayerRow {
    std::optional<FlowNodeId> node; ///< of the network's flow; nothing for a layer that it does not know
    bool isLayer = true; ///< else a branch, or an operator, an input or an output of the network
    std::string detail; ///< what it is, where it is no layer
    int place = 0; ///< in the order of the flow, else of the file
    std::optional<BranchSums> sums; ///< of a branch: what its layers come to; the columns of LayerRow hold them too
    std::array<std::optional<GivenCell>, kGivenColumns> given;
    std::string found; ///< of a layer, what the rules say of it: "1 error, 2 warnings: zero-point, bit-width"
    bool onlyInSecond = false; ///< a layer of another model that it is compared with, and no layer of this one
};

} // namespace quantscope

#pragma once

#include "diff/layer_changes.h"
#include "items/listed_row.h"
#include "items/slot_ref.h"

#include <QString>

#include <memory>
#include <vector>

namespace quantscope {

/// How the second of two networks differs from the first.
struct ModelComparison {
    std::shared_ptr<const Network> a, b;
    ModelDiff diff;
    std::vector<LayerChange> layers;

    /// What is said of a slot of the first, and of a layer of it; null where nothing is.
    const SlotDifference *of(const SlotId &slot) const;
    const LayerChange *of(LayerId layer) const;
    /// The slot of the second that is compared with one of the first, in its shape and order; empty where there is
    /// none, or where the shapes do not fit.
    SlotRef counterpart(const SlotId &slot) const;
};

/// What a slot's difference says, as lines: "weight: 576 of 4,608 codes changed (12.5 %), first [3, 0, 1, 2], 7 signs
/// flipped, largest change 12", then one for each field.
QString differenceText(const ModelComparison &comparison, const SlotDifference &slot);

/// What the second has for a slot of the first: "B: ap_fixed<6,0>, scale 2⁻⁵", then what differs; empty where nothing
/// is said of it.
QString secondText(const std::shared_ptr<const ModelComparison> &comparison, const SlotId &slot);

/// The column 'Change' of the list of layers; null without a comparison.
GivenCells changeCells(const std::shared_ptr<const ModelComparison> &comparison);
/// The layers that only the second has, as rows of that list.
std::vector<ListedRow> onlyInSecond(const ModelComparison &comparison);

/// Of every slot of a layer.
QString differenceText(const ModelComparison &comparison, const LayerChange &layer);

} // namespace quantscope

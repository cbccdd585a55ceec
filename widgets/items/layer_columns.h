#pragma once

#include "items/layer_model.h"

#include <QString>

#include <vector>

namespace quantscope {

/// One column of the list of layers: what its cells say and sort by, and when it gets room.
struct LayerColumn {
    LayerModel::Column id;
    RowColumn<ListedRow> cells; ///< of layers and branches; what flows between them has a name and a kind alone
    int rank = 0; ///< columns get room in this order, in a flat list; 0: whenever the column has anything to say
    int rankInTree = 0; ///< the same in a tree
    QString widest = {}; ///< a text for which room is kept before the figures arrive
};

/// The columns in the order of LayerModel::Column, a row for each.
const std::vector<LayerColumn> &layerColumns();

} // namespace quantscope

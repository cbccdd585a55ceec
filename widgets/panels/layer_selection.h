#pragma once

#include "items/layer_proxy.h"

#include <QItemSelection>
#include <QStringList>

class QItemSelectionModel;

namespace quantscope {

/// The layers that the selected rows stand for, those of the current row first, the others in the order of the list. A
/// branch stands for all its layers that are listed, as long as it is folded; one that is unfolded where it has just
/// been selected (`now`), and else its layers speak for themselves. One that was just taken out by itself (`gone`)
/// takes its layers with it.
QStringList chosenLayers(const LayerProxy &rows, const LayerModel &layers, const QItemSelectionModel &selection,
    const QItemSelection &now, const QItemSelection &gone);

/// The rows of these layers and of the branches that are selected with them, in as few ranges as there are pieces.
QItemSelection selectionOf(const LayerProxy &rows, const QStringList &layers);

} // namespace quantscope

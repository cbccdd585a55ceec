#pragma once

class QTableView;

namespace quantscope {

class LayerModel;
class LayerProxy;

/// Gives the columns of the layer list the width of what they say, and shows those that have anything to say: never by
/// looking at every row of a network of thousands.
void fitColumns(QTableView *table, const LayerModel &model, const LayerProxy &rows);
/// The names come first: of the others, in the order of their rank, a column is shown while it leaves names their room.
void showColumns(QTableView *table, const LayerModel &model, const LayerProxy &rows, int width);

} // namespace quantscope

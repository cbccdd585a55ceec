#pragma once

#include <QSize>

class QMainWindow;
class QSplitter;

namespace quantscope {

class WorkSplitter;

/// Of the window that is opened for the first time, with room for its title.
QSize firstSize(const QSize &available);

/// What is kept of a window between two runs: its place, and what its parts have of it, as shares.
void saveLayout(const QMainWindow &window, const WorkSplitter *split, const QSplitter *left);
void restoreGeometry(QMainWindow &window);
void restoreShares(WorkSplitter &split, QSplitter &left);
bool hasSavedGeometry();

} // namespace quantscope

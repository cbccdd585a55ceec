#pragma once

class QMenu;

namespace quantscope {

class MainWindow;

/// The files that were open before, the last first; each opens.
void fillRecentMenu(QMenu &menu, MainWindow &window);

} // namespace quantscope

#pragma once

class QMenu;

namespace quantscope {

class MainWindow;

/// How much memory runs may keep between them: usual amounts and the one in force, each a choice.
void fillMemoryMenu(QMenu &menu, MainWindow &window);

} // namespace quantscope

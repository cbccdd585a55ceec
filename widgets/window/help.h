#pragma once

class QWidget;

namespace quantscope {

/// All keys: those of the actions and those that widgets handle themselves.
void showKeys(QWidget *parent);
/// Version and licence.
void showAbout(QWidget *parent);

} // namespace quantscope

#pragma once

#include "quant/network.h"

class QMenu;
class QWidget;

namespace quantscope {

class Session;

/// The presets that a slot may have: what else fits first, then the others. Choosing one is an edit of the recipe.
QMenu *presetMenu(Session &session, const Layer &layer, const SlotQuantizer &slot, QWidget *parent);

} // namespace quantscope

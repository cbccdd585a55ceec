#pragma once

#include "network/network.h"

#include <QString>

#include <string>
#include <utility>
#include <vector>

class QMenu;
class QWidget;

namespace quantscope {

class Session;

/// The presets that a slot may have: what else fits first, then the others. Choosing one is an edit of the recipe, for
/// the slot and for `others` (layer, slot) as one. `scope` says for which of a selection it holds.
QMenu *presetMenu(Session &session, const Layer &layer, const SlotQuantizer &slot, QWidget *parent,
    const std::vector<std::pair<std::string, Slot>> &others = {}, const QString &scope = {});

} // namespace quantscope

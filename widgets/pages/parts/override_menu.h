#pragma once

class QMenu;
class QWidget;

namespace quantscope {

class Session;
struct Layer;
struct SlotQuantizer;

/// The fields of one quantizer that can be said otherwise, with the values that each takes; and what the recipe says of
/// this quantizer alone, to be taken back. Every choice is one edit that can be undone.
QMenu *overrideMenu(Session &session, const Layer &layer, const SlotQuantizer &slot, QWidget *parent);

} // namespace quantscope

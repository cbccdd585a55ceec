#include "network/network.h"

#include <algorithm>

namespace quantscope {

namespace {

template <class Items, class Key> auto findBy(Items &items, const Key &wanted, auto member) -> decltype(&items.front())
{
    const auto found
        = std::find_if(items.begin(), items.end(), [&](const auto &item) { return item.*member == wanted; });
    return found == items.end() ? nullptr : &*found;
}

} // namespace

const SlotQuantizer *Layer::slot(Slot wanted) const { return findBy(slots, wanted, &SlotQuantizer::slot); }
SlotQuantizer *Layer::slot(Slot wanted) { return findBy(slots, wanted, &SlotQuantizer::slot); }
const SlotQuantizer *Layer::slot(std::string_view text) const
{
    const auto known = slotFromName(text);
    return known ? slot(*known) : nullptr;
}

const Layer *Network::layer(std::string_view name) const { return findBy(layers, name, &Layer::name); }
Layer *Network::layer(std::string_view name) { return findBy(layers, name, &Layer::name); }

Layer &Network::add(Layer layer)
{
    layer.id = layerId(layers.size());
    return layers.emplace_back(std::move(layer));
}

const std::string &subjectName(const Network &network, const Subject &subject)
{
    return subject.layer ? network.layer(*subject.layer).name : subject.tensor;
}

const Diagnostic *problemOf(const Network &network, const SlotId &slot)
{
    const auto found = std::ranges::find_if(network.diagnostics, [&](const Diagnostic &d) {
        return d.subject == Subject(slot.layer, slot.slot)
            && (d.severity == Severity::Error || d.rule.starts_with("quantizer-"));
    });
    return found == network.diagnostics.end() ? nullptr : &*found;
}

} // namespace quantscope

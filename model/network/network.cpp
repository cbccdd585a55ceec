#include "network/network.h"

#include <algorithm>

namespace quantscope {

namespace {

template <class Items> auto findNamed(Items &items, std::string_view wanted, auto member) -> decltype(&items.front())
{
    const auto found
        = std::find_if(items.begin(), items.end(), [&](const auto &item) { return item.*member == wanted; });
    return found == items.end() ? nullptr : &*found;
}

} // namespace

const SlotQuantizer *Layer::slot(std::string_view wanted) const
{
    return findNamed(slots, wanted, &SlotQuantizer::slot);
}
SlotQuantizer *Layer::slot(std::string_view wanted) { return findNamed(slots, wanted, &SlotQuantizer::slot); }
const Layer *Network::layer(std::string_view name) const { return findNamed(layers, name, &Layer::name); }
Layer *Network::layer(std::string_view name) { return findNamed(layers, name, &Layer::name); }

/// The two interpreters say it in two ways.
const Diagnostic *problemOf(const Network &network, const std::string &layer, const std::string &slot)
{
    const std::string about = layer + " " + slot + ": ", inGraph = "(" + slot + ")";
    const auto found = std::ranges::find_if(network.diagnostics, [&](const Diagnostic &d) {
        return d.layer == layer
            && ((d.severity == Severity::Error && d.text.starts_with(about))
                || (d.rule.starts_with("quantizer-") && d.text.find(inGraph) != std::string::npos));
    });
    return found == network.diagnostics.end() ? nullptr : &*found;
}

Network listLayers(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    Network network = file->graph ? listOnnx(file) : listStateDict(file, recipe);
    network.recipe = recipe;
    network.diagnostics.insert(network.diagnostics.begin(), file->diagnostics.begin(), file->diagnostics.end());
    return network;
}

Result<Network> recoverQuantizers(
    std::shared_ptr<const ModelFile> file, const Recipe &recipe, const Progress &progress, const RecoverHints &hints)
{
    Network network = listLayers(file, recipe);
    try {
        if (file->graph)
            recoverOnnx(network, progress);
        else
            recoverStateDict(network, progress, hints);
    } catch (const RecipeMismatch &error) {
        return tl::unexpected(
            Error{ErrorKind::Usage, recipe.path.empty() ? file->path : recipe.path, std::nullopt, error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, file->path, std::nullopt, "was cancelled"});
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, file->path, error.offset(), error.what()});
    }
    return network;
}

} // namespace quantscope

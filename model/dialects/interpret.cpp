#include "dialects/interpret.h"

#include "dialects/integer_tensors.h"
#include "dialects/interpreters.h"
#include "dialects/not_shown.h"
#include "dialects/torch_notes.h"

namespace quantscope {

namespace {

Network listed(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    Network network = interpreterOf(*file).list(file, recipe);
    network.recipe = recipe;
    network.diagnostics.insert(network.diagnostics.begin(), file->diagnostics.begin(), file->diagnostics.end());
    return network;
}

} // namespace

Network listLayers(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    Network network = listed(std::move(file), recipe);
    noteNotShown(network);
    return network;
}

Result<Network> recoverQuantizers(
    std::shared_ptr<const ModelFile> file, const Recipe &recipe, const Progress &progress, const RecoverHints &hints)
{
    Network network = listed(file, recipe);
    try {
        interpreterOf(*file).recover(network, progress, hints);
        takeIntegerTensors(network);
    } catch (const RecipeMismatch &error) {
        return tl::unexpected(
            Error{ErrorKind::Usage, recipe.path.empty() ? file->path : recipe.path, std::nullopt, error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, file->path, std::nullopt, "was cancelled"});
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, file->path, error.offset(), error.what()});
    }
    noteTorchAo(network);
    noteNotShown(network);
    return network;
}

} // namespace quantscope

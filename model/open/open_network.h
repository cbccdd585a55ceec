#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "open/dpu_exports.h"
#include "open/match_export.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Which recipe is taken when a model is opened.
struct RecipeSource {
    std::optional<std::string> path; ///< this one
    bool beside
        = true; ///< else the one that lies beside the model; never beside a file that says its quantizers itself
    /// The quant_info.json of vai_q_pytorch; else, without a recipe, the one beside the model when `beside`.
    std::optional<std::string> quantInfo = {};
};

/// A model's files as they were read: the model itself, its recipe, and the ONNX exports beside it. Every recipe that
/// is tried afterwards is tried on these; nothing is opened again. Copies share what was read.
class OpenedModel {
public:
    /// Reads the model and its recipe, no tensor's data and no export. Errors as openModel and loadRecipe.
    static Result<OpenedModel> open(const std::string &path, const RecipeSource &source, const Progress &progress = {});
    /// One that is there already.
    explicit OpenedModel(std::shared_ptr<const ModelFile> file, Recipe recipe = {});

    /// The same with another part of a checkpoint shown. Errors (Usage): no such part.
    Result<OpenedModel> showing(const std::string &part) const;

    const std::shared_ptr<const ModelFile> &file() const { return m_file; }
    const Recipe &recipe() const { return m_recipe; }
    /// Layers, slots and shapes; no quantizer.
    Network listed() const;

    /// The same with the exports beside a checkpoint, whose graphs tell what feeds what and whose codes confirm a
    /// recipe; where there is no recipe, it is taken from them. One that cannot be read is no reason not to open the
    /// checkpoint: that is said in the network. Errors: Cancelled.
    Result<OpenedModel> withExports(const Progress &progress = {}) const;
    const std::vector<MatchedExport> &exports() const { return *m_exports; }

    /// The quantizers under the recipe that was read, confirmed by the exports (`Network::confirmedBy` and a note) or
    /// not (a warning with the first difference). Errors as recoverQuantizers.
    Result<Network> network(const Progress &progress = {}) const;
    /// Under another recipe: an edit. What it does not touch of `previous`, a network of this model, is taken over; a
    /// large checkpoint is then not compared with its exports, because an edit must answer at once.
    Result<Network> network(const Recipe &recipe, const Progress &progress, const Network *previous) const;

private:
    /// The quant_info.json that belongs to the file, and the checkpoint that belongs to one. `hasRecipe`: the recipe
    /// says what the file leaves open.
    std::optional<Error> takeQuantInfo(const RecipeSource &source, bool hasRecipe);
    /// Of the exports, where they prove one. An error only when it was cancelled.
    std::optional<Error> takeRecipe(const Progress &progress);

    std::shared_ptr<const ModelFile> m_file;
    Recipe m_recipe;
    std::shared_ptr<const std::vector<MatchedExport>> m_exports = std::make_shared<const std::vector<MatchedExport>>();
    std::shared_ptr<const DpuExports> m_dpuExports; ///< of a file with quant_info.json
    bool m_takesExports = true; ///< without a recipe: what lies beside the model is welcome
    std::vector<Diagnostic> m_notes; ///< of the opening: exports that cannot be read, a recipe that is not used
};

/// From a path to a network, for who needs it once. `listOnly` reads no tensor's data and no export; `part` names the
/// weights to show of a checkpoint that holds several. Errors as OpenedModel's.
Result<Network> openNetwork(const std::string &path, const std::optional<std::string> &recipePath = {},
    bool listOnly = false, const Progress &progress = {}, const std::optional<std::string> &part = {},
    const std::optional<std::string> &quantInfo = {});

} // namespace quantscope

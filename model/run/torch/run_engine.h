#pragma once

#include "network/network.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <ATen/core/TensorBody.h>

namespace quantscope {

/// What went through one place of the network while one piece of data ran; of pieces that ran together and have one
/// shape there, behind each other along the first axis.
struct Observation {
    LayerId layer{};
    std::optional<Slot> slot; ///< none: what a layer with a weight computes, before any quantizer
    at::Tensor input; ///< float32: what flows into the quantizer; without a slot the layer's result
    /// An operator quantizes within itself: what it rounded is not seen, and `input` is what its codes stand for.
    bool isRounded = false;
    /// An operator quantizes within itself: its codes are those of `output`, whatever the quantizer makes of `input`.
    bool isWithin = false;
    at::Tensor output; ///< float32: the dequantized codes; without a slot the layer's result
    /// What the observer returned in the round before, of places within a loop; it returns both together. Else null.
    std::shared_ptr<const void> earlier;
    /// Makes the codes of `input`, in force in this run; null for float, and where it is not known.
    const Quantizer *quantizer = nullptr;
};

/// Called on the thread that runs. What it returns stands in PieceResult::observed, also of later runs of the same
/// piece that did not change what flows there.
using Observer = std::function<std::shared_ptr<const void>(const Observation &)>;

/// Asked between two nodes, with how many of how many are done; true ends the run with ErrorKind::Cancelled.
using Cancelled = std::function<bool(std::size_t done, std::size_t total)>;

struct Observed {
    LayerId layer{};
    std::optional<Slot> slot;
    std::shared_ptr<const void> figures; ///< what the observer returned
};

/// Of several pieces that ran together.
struct PiecesResult {
    std::vector<std::vector<at::Tensor>> outputs; ///< of each piece the graph's, in its order
    std::vector<Observed> observed; ///< in the order of computation
    std::size_t nodesRun = 0; ///< what was kept from an earlier run is not counted
    /// Why it ended before the outputs, which are then missing: "node conv1 (Conv): REASON". What was observed stands.
    std::optional<std::string> stopped;
};

struct PieceResult {
    std::vector<at::Tensor> outputs; ///< the graph's, in its order
    std::vector<Observed> observed;
    std::size_t nodesRun = 0;
    std::optional<std::string> stopped;
};

/// A quantizer that takes the place of the file's, of weights and biases with the tensor that it quantizes. No
/// SlotQuantizer, or one without a quantizer: float, of which weights and biases take the tensor where it has one.
using QuantizerChoice = std::pair<SlotId, std::optional<SlotQuantizer>>;

/// Executes a network's graph node by node. Values that an earlier run of the same piece computed are used again as far
/// as no exchanged quantizer stands before them.
class RunEngine {
public:
    /// Errors (Usage): a file without a graph. (Parse): a circle, or a value that nothing makes.
    static Result<RunEngine> create(std::shared_ptr<const Network> network);

    RunEngine(RunEngine &&) noexcept;
    RunEngine &operator=(RunEngine &&) noexcept;
    ~RunEngine();

    /// Names of the graph's inputs that a run needs, in order; TorchScript's outputs are "output_0", ...
    const std::vector<std::string> &inputNames() const;
    const std::vector<std::string> &outputNames() const;

    /// Replaces what an earlier call set; an empty list puts the file's own quantizers back. Errors (Usage): a slot
    /// whose place in the graph is not known, by name; nothing is changed then.
    Result<void> setQuantizers(const std::vector<QuantizerChoice> &choices);
    /// Most bytes of values that are kept between runs; 0 keeps none.
    void setMemoryLimit(std::uint64_t bytes);

    /// One piece of samples: a tensor a name of inputNames(). Both functions may be empty. Errors (Cancelled); (Usage):
    /// inputs of another count. An operator that fails or is not known is PieceResult::stopped.
    Result<PieceResult> run(std::span<const at::Tensor> inputs, const Observer &observe, const Cancelled &cancelled);
    /// As many pieces, behind each other along the first axis of each input: each is computed by itself, with the same
    /// bits, and what is the same for all is done once. `counted` tells apart what the observer counts of equal inputs:
    /// the figures of one are not those of the other. Errors: likewise; (Usage) inputs that are not so many pieces.
    Result<PiecesResult> runPieces(std::span<const at::Tensor> inputs, std::size_t pieces, const Observer &observe,
        const Cancelled &cancelled, std::uint64_t counted = 0);
    /// Pieces can run together: none goes another way through the graph than others.
    bool runsTogether() const;

private:
    struct State;
    explicit RunEngine(std::unique_ptr<State> state);
    std::optional<Error> wrongInputs(std::span<const at::Tensor> inputs, std::size_t pieces) const;
    std::unique_ptr<State> m_state;
};

} // namespace quantscope

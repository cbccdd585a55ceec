#pragma once

#include "base/limits.h"
#include "formats/budget.h"

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A node of a PickleTree. Ids instead of pointers: cycles are harmless and nothing is destroyed recursively.
using PickleRef = std::uint32_t;
inline constexpr PickleRef kNoPickleRef = 0xFFFFFFFFu;

enum class PickleKind : std::uint8_t {
    None,
    Bool,
    Int,
    BigInt,
    Float,
    Text,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Global, ///< a name `module.attribute`, never looked up
    Call, ///< REDUCE: what a callable would have returned; never called
    Object, ///< NEWOBJ, INST, OBJ: an instance of a class that is never made
    Persistent, ///< a persistent id: in checkpoints a storage
};

/// What a pickle describes, as plain nodes. Nothing in it has been called, imported or constructed.
class PickleTree {
public:
    PickleTree(std::vector<std::byte> bytes, const Limits &limits, Budget &budget);

    PickleRef root = kNoPickleRef;

    std::size_t size() const { return m_nodes.size(); }
    PickleKind kind(PickleRef ref) const { return m_nodes[ref].kind; }
    bool is(PickleRef ref, PickleKind wanted) const { return m_nodes[ref].kind == wanted; }
    std::int64_t integer(PickleRef ref) const { return m_nodes[ref].integer; } ///< Int and Bool
    double real(PickleRef ref) const { return m_nodes[ref].real; }
    std::string_view text(PickleRef ref) const; ///< Text, Bytes, and the bytes of a BigInt

    /// Elements of a tuple, list or set; also what was appended to a Call or an Object.
    std::span<const PickleRef> items(PickleRef ref) const;
    /// Keys and values in turn: of a dict, also what was set on a Call or an Object.
    std::span<const PickleRef> pairs(PickleRef ref) const;
    PickleRef callable(PickleRef ref) const { return m_nodes[ref].pair.a; } ///< Call, Object (its class)
    PickleRef arguments(PickleRef ref) const { return m_nodes[ref].pair.b; } ///< Call, Object
    PickleRef state(PickleRef ref) const; ///< what BUILD gave a Call or an Object, or kNoPickleRef
    PickleRef persistentId(PickleRef ref) const { return m_nodes[ref].pair.a; }
    std::string_view globalModule(PickleRef ref) const { return text(m_nodes[ref].pair.a); }
    std::string_view globalAttribute(PickleRef ref) const { return text(m_nodes[ref].pair.b); }
    /// The Global that a persistent id stands for, or kNoPickleRef: before PyTorch 1.6 the classes of modules were
    /// written as ("module", class, file, source), in 0.1 as (class, file, source).
    PickleRef classOf(PickleRef ref) const;
    /// "module.name" of a Global or of what stands for one, with Python 2's names of modules replaced by those of
    /// Python 3; empty for other kinds.
    std::string globalName(PickleRef ref) const;
    /// The same for what a Call or Object is made by.
    std::string callableName(PickleRef ref) const { return globalName(callable(ref)); }
    /// The value of a text key in a dict-like node, or kNoPickleRef.
    PickleRef lookup(PickleRef ref, std::string_view key) const;

    // How the machine builds it.
    PickleRef addScalar(PickleKind kind, std::int64_t value);
    PickleRef addReal(double value);
    PickleRef addText(PickleKind kind, std::uint64_t offset, std::uint64_t length);
    PickleRef addOwnedText(PickleKind kind, std::string_view text);
    PickleRef addTuple(std::span<const PickleRef> items);
    PickleRef addPair(PickleKind kind, PickleRef a, PickleRef b);
    PickleRef addContainer(PickleKind kind);
    void append(PickleRef ref, std::span<const PickleRef> items);
    void set(PickleRef ref, std::span<const PickleRef> keysAndValues);
    void build(PickleRef ref, PickleRef state);
    std::span<const std::byte> bytes() const { return m_bytes; }

private:
    struct Pair {
        std::uint32_t a, b;
    };
    struct Node {
        PickleKind kind = PickleKind::None;
        bool owned = false; ///< text that is not in the pickle's bytes
        std::uint32_t extra = 0; ///< 1-based position in m_extras
        union {
            Pair pair;
            std::int64_t integer;
            double real;
        };
        Node()
            : integer(0)
        {
        }
    };
    static constexpr std::int64_t kSharedIntegers = 257; ///< -1 to 255

    struct Extra {
        std::vector<PickleRef> items;
        std::vector<PickleRef> pairs;
        PickleRef state = kNoPickleRef;
    };

    PickleRef add(Node node);
    Extra &extra(PickleRef ref);
    void grow(std::vector<PickleRef> &list, std::span<const PickleRef> added);

    std::vector<std::byte> m_bytes;
    std::string m_ownText;
    std::deque<Node> m_nodes;
    std::deque<Extra> m_extras;
    std::vector<PickleRef> m_tuples;
    std::array<PickleRef, 3 * kSharedIntegers> m_shared; ///< None, booleans and small integers
    PickleRef m_emptyTuple = kNoPickleRef;
    Limits m_limits;
    Budget &m_budget;
};

} // namespace quantscope

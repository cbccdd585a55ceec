#include "formats/onnx/onnx_reader.h"

#include "support/golden.h"
#include "support/paths.h"

#include <algorithm>

using namespace quantscope;

namespace {

ModelFile read(const std::string &path)
{
    auto source = FileSource::open(path);
    if (!source)
        throw ParseError(source.error().text());
    return readOnnx({*source, path, {}, {}});
}

ModelFile readBytes(std::vector<std::byte> bytes, const Limits &limits = {})
{
    return readOnnx({std::make_shared<MemorySource>(std::move(bytes)), test::data("onnx/memory"), limits, {}});
}

bool hasError(const ModelFile &file)
{
    return std::any_of(file.diagnostics.begin(), file.diagnostics.end(),
        [](const Diagnostic &d) { return d.severity == Severity::Error; });
}

const Node *nodeNamed(const ModelFile &file, const std::string &name)
{
    for (const Node &node : file.graph->nodes)
        if (node.name == name)
            return &node;
    return nullptr;
}

/// Files whose damage lies in the container or in one tensor; what is wrong with a quantizer is not the reader's to
/// see.
bool damagedTensor(const std::string &name)
{
    for (const char *prefix : {"bad_raw", "bad_dims", "bad_dtype", "bad_typed", "bad_external"})
        if (name.rfind(prefix, 0) == 0)
            return true;
    return false;
}

} // namespace

class TestOnnxReader : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goldenStatus_data()
    {
        QTest::addColumn<std::string>("name");
        QTest::addColumn<std::string>("status");
        const nlohmann::json golden = test::golden(test::data("onnx/golden.json"));
        for (const auto &file : golden["files"])
            QTest::newRow(file["file"].get<std::string>().c_str())
                << file["file"].get<std::string>() << file["status"].get<std::string>();
    }
    void goldenStatus()
    {
        QFETCH(std::string, name);
        QFETCH(std::string, status);
        const std::string path = test::data("onnx/" + name);
        if (status == "error") {
            QVERIFY_EXCEPTION_THROWN(read(path), ParseError);
            return;
        }
        const ModelFile file = read(path);
        QVERIFY(file.graph.has_value());
        QVERIFY(!file.graph->nodes.empty());
        QCOMPARE(hasError(file), damagedTensor(name));
        const auto broken = std::count_if(
            file.tensors.begin(), file.tensors.end(), [](const TensorInfo &tensor) { return !tensor.problem.empty(); });
        QCOMPARE(broken, damagedTensor(name) ? 1 : 0);
    }

    void recognition()
    {
        const nlohmann::json golden = test::golden(test::data("onnx/golden.json"));
        for (const auto &entry : golden["files"]) {
            if (entry["status"] == "error")
                continue;
            const std::string path = test::data("onnx/" + entry["file"].get<std::string>());
            std::vector<std::byte> bytes = test::bytesOf(path);
            const auto source = std::make_shared<MemorySource>(bytes);
            bytes.resize(std::min<std::size_t>(bytes.size(), 4096));
            QVERIFY2(looksLikeOnnx(bytes, {source, "renamed", {}, {}}), path.c_str());
        }
        const std::string zip = "PK\x03\x04 and so on, a torch archive";
        const auto *text = reinterpret_cast<const std::byte *>(zip.data());
        QVERIFY(!looksLikeOnnx({text, zip.size()}, {nullptr, "model.pt", {}, {}}));
    }

    void truncationAtEveryByte()
    {
        for (const char *name : {"wire_odd_order.onnx", "subgraphs.onnx", "qdq_indirect.onnx"}) {
            const std::vector<std::byte> whole = test::bytesOf(test::data(std::string("onnx/") + name));
            QVERIFY(!whole.empty());
            int opened = 0;
            for (std::size_t length = 0; length < whole.size(); ++length) {
                try {
                    readBytes({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
                    ++opened;
                } catch (const ParseError &) {
                }
            }
            // Only a cut between two top-level fields behind the graph can leave a whole model.
            QVERIFY2(opened <= 3, name);
        }
    }

    void everyByteChanged()
    {
        const std::vector<std::byte> whole = test::bytesOf(test::data("onnx/subgraphs.onnx"));
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (const unsigned flip : {0x01u, 0x80u, 0xFFu}) {
                std::vector<std::byte> changed = whole;
                changed[at] ^= static_cast<std::byte>(flip);
                try {
                    readBytes(std::move(changed));
                } catch (const ParseError &) {
                }
            }
    }

    void subgraphsAreFlattenedWithTheirScopes()
    {
        const ModelFile file = read(test::data("onnx/subgraphs.onnx"));
        const Graph &graph = *file.graph;
        QCOMPARE(
            std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node &n) { return n.name == "mm"; }), 2);
        const Node *loop = nodeNamed(file, "lmm");
        QVERIFY(loop != nullptr);
        QCOMPARE(loop->scope, std::string("rep/body"));
        // The loop's scale is defined outside of it.
        const Node *dequantize = nodeNamed(file, "ldq");
        QVERIFY(dequantize != nullptr);
        const Value &scale = graph.values[dequantize->input(1)];
        QCOMPARE(scale.name, std::string("outer_s"));
        QVERIFY(scale.tensor.has_value());
        QCOMPARE(readFloats(file.tensors[*scale.tensor]), (std::vector<float>{0.125f}));
        // Equal names in two branches are two tensors.
        QVERIFY(file.find("sel/then_branch:w").has_value());
        QVERIFY(file.find("sel/else_branch:w").has_value());
        QVERIFY(*file.find("sel/then_branch:w") != *file.find("sel/else_branch:w"));
    }

    void constantsBecomeValues()
    {
        const ModelFile file = read(test::data("onnx/functions.onnx"));
        const Node *inner = nodeNamed(file, "inner");
        QVERIFY(inner != nullptr);
        QCOMPARE(inner->scope, std::string("function QLin"));
        const Node *dequantize = file.graph->producerOf(inner->input(1));
        QVERIFY(dequantize != nullptr);
        const Value *scale = file.graph->value(dequantize->input(1));
        QVERIFY(scale != nullptr && scale->tensor);
        QCOMPARE(readFloats(file.tensors[*scale->tensor]), (std::vector<float>{0.5f}));
        for (const Node &node : file.graph->nodes)
            QVERIFY(node.opType != "Constant");
    }

    void firstOfTwoInitializersWins()
    {
        const ModelFile file = read(test::data("onnx/odd_duplicate_init.onnx"));
        QVERIFY(!hasError(file));
        const auto twice = std::ranges::find(file.diagnostics, "initializer-twice", &Diagnostic::rule);
        QVERIFY(twice != file.diagnostics.end());
        QCOMPARE(twice->text,
            std::string(
                "The graph gives 'w' twice: the first one is shown and computed with, where ONNX Runtime takes "
                "the last. Write the one that is meant."));
        const Node *dequantize = nodeNamed(file, "dq");
        const Value *weight = file.graph->value(dequantize->input(0));
        QCOMPARE(readIntegers(file.tensors[*weight->tensor]).at(1), std::int64_t{21});
    }

    void unusualWireForms()
    {
        const ModelFile odd = read(test::data("onnx/wire_odd_order.onnx"));
        QCOMPARE(odd.graph->opsets.at(""), std::int64_t{13});
        const ModelFile unpacked = read(test::data("onnx/wire_unpacked.onnx"));
        QVERIFY(!unpacked.tensors.empty());
        for (const TensorInfo &tensor : unpacked.tensors)
            QVERIFY2(tensor.readable(), tensor.problem.c_str());
    }

    void annotationsAndAttributes()
    {
        const ModelFile file = read(test::data("onnx/finn_multithreshold.onnx"));
        const Node *node = nodeNamed(file, "MultiThreshold_0");
        QVERIFY(node != nullptr);
        QCOMPARE(node->attribute("out_dtype")->s, std::string("UINT2"));
        QCOMPARE(node->attribute("out_bias")->f, -1.0f);
        QCOMPARE(file.graph->values[nodeNamed(file, "MatMul_4")->input(1)].finnDatatype, std::string("FIXED<8,4>"));
    }

    void externalData()
    {
        const ModelFile file = read(test::data("onnx/external_ok.onnx"));
        QVERIFY(!hasError(file));
        const TensorInfo &first = file.tensors[*file.find("e1.weight")];
        QCOMPARE(first.storage.offset, std::uint64_t{4096});
        QCOMPARE(readIntegers(first).front(), std::int64_t{-128});
    }

    void limitsHold()
    {
        const std::vector<std::byte> bytes = test::bytesOf(test::data("onnx/qdq_indirect.onnx"));
        Limits few;
        few.graphNodes = 5;
        QVERIFY_EXCEPTION_THROWN(readBytes(bytes, few), ParseError);
        Limits flat;
        flat.graphDepth = 1;
        QVERIFY_EXCEPTION_THROWN(readBytes(test::bytesOf(test::data("onnx/subgraphs.onnx")), flat), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestOnnxReader)
#include "tst_onnx_reader.moc"

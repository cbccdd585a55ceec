// The networks have members called slots.
#include "network/joins.h"
#include "network/neighbourhood.h"
#include "support/flow_sketch.h"

#include <QtTest>

using namespace quantscope;
using namespace Qt::StringLiterals;
using test::FlowSketch;

namespace {

/// "q", "plain x", "several cat", "unknown"; with the slot where it is not `act`.
QString arrivalText(const FlowSketch &sketch, const Arrival &arrival)
{
    QString slot;
    if (arrival.quantizer) {
        slot = QString::fromStdString(sketch.network.layer(arrival.quantizer->layer).name);
        if (arrival.quantizer->slot != Slot::Act)
            slot += u'.' + QString::fromUtf8(slotName(arrival.quantizer->slot));
    }
    switch (arrival.kind) {
    case Arrival::Kind::Quantized: return slot;
    case Arrival::Kind::Several: return u"several "_s + sketch.name(arrival.source);
    case Arrival::Kind::Plain: return u"plain "_s + sketch.name(arrival.source);
    case Arrival::Kind::Unknown: return slot.isEmpty() ? u"unknown"_s : u"unknown "_s + slot;
    }
    return {};
}

QString words(const FlowSketch &sketch, const std::vector<FlowNodeId> &nodes)
{
    QStringList out;
    for (const FlowNodeId node : nodes)
        out << sketch.name(node);
    return out.join(u' ');
}

} // namespace

class TestArrivals : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void arrivals_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("arriving"); ///< at c, by input
        const auto row = [](const char *title, const char *layers, const char *edges, const char *arriving) {
            QTest::newRow(title) << QString::fromUtf8(layers) << QString::fromUtf8(edges)
                                 << QString::fromUtf8(arriving);
        };
        const char *const one = "q=u8 2^-6; c", *const two = "q=u8 2^-6; s=u8 2^-6; c",
                          *const far = "q=u8 2^-6; s=u8 2^-5; c";
        row("directly", one, "x > q > c", "q");
        row("through operators that keep it", one, "x > q > keep1 > keep2 > c", "q");
        row("not through one that computes", one, "x > q > relu > c", "plain relu");
        row("nor behind it", one, "x > q > relu > keep > c", "plain relu");
        row("nor through a sum, even of equals", two, "x > q > add; q > s > add; add > c", "plain add");
        row("the network's input", one, "x > keep > c; q > y", "plain x");
        row("an operator that is not decoded", one, "x > q > odd > keep > c", "unknown");
        row("a quantizer that is not known", "q=?; c", "x > q > keep > c", "unknown q");
        row("the raw result of a layer", "w; c", "x > w > c", "plain w");
        row("a layer that quantizes its output", "w.output=i8 2^-3; c", "x > w > c", "w.output");
        row("beside its quantizer", "w.output=i8 2^-3; c", "x > w; w~ > keep > c", "plain w");
        row("a layer of the export alone", one, "x > q > Q! > c", "unknown");
        row("zeros among values that have one", one, "x > q > pad > c", "q");
        row("zeros among values that have none", "q=u8 2^-6 zp 0.5; c", "x > q > pad > c", "plain pad");
        row("a zero point outside the codes", "q=u8 2^-6 zp -1; c", "x > q > pad > c", "plain pad");
        row("merged, equal", two, "x > q > cat; x > s > cat; cat > c", "q");
        row("merged, equal, then kept", two, "x > q > cat; x > s > cat; cat > keep > c", "q");
        row("merged, different", far, "x > q > cat; x > s > cat; cat > keep > c", "several cat");
        row("merged twice", far, "x > q > cat; x > s > cat; cat > cat2; q > cat2; cat2 > c", "several cat2");
        row("merged with what is plain", two, "x > q > cat; s > relu > cat; cat > c", "plain cat");
        row("merged with what is not known", two, "x > q > cat; s > odd > cat; cat > c", "unknown");
        row("one value twice", one, "x > q > cat; q > cat; cat > c", "q");
        row("several inputs", far, "x > q > c; x > s > keep > c; x > c", "q s plain x");
        row("requantized", "q=u8 2^-6; c=u8 2^-3", "x > q > c", "q");
        row("operators on a cycle", one, "x > q > cat > keep > cat; cat > c", "unknown");
        row("layers on a cycle", two, "x > q > keep > s > keep2 > c; c > keep3 > q", "s");
    }

    void arrivals()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        const FlowSketch sketch(layers, edges);
        const Arrivals arrivals(sketch.network);
        QStringList found;
        for (const Arrival &arrival : arrivals.into(sketch.id(u"c"_s))) {
            found << arrivalText(sketch, arrival);
            QCOMPARE(sketch.network.flow.edges()[arrival.edge].to, sketch.id(u"c"_s));
        }
        QTEST(found.join(u' '), "arriving");
    }

    /// Which of several scales an element has is lost where elements move, and never said to be equal.
    void severalScales()
    {
        const auto arriving = [](const QString &operators, const std::vector<float> &scales) {
            FlowSketch sketch(u"q=u8 2^-6; s=u8 2^-6; c"_s, u"x > q > %1 > c; x > s > %1"_s.arg(operators));
            for (std::size_t layer : {0u, 1u})
                sketch.network.layers[layer].slots[0].quantizer->scale = Granular{{1, 2, 1, 1}, 1, scales};
            return arrivalText(sketch, Arrivals(sketch.network).into(sketch.id(u"c"_s)).front());
        };
        for (const char *moving :
            {"keep.Split", "keep.Transpose", "keep.Reshape", "keep.Slice", "keep.Gather", "keep.ReduceMax"}) {
            QCOMPARE(arriving(QString::fromLatin1(moving), {0.5f, 0.25f}), u"unknown"_s);
            QCOMPARE(arriving(QString::fromLatin1(moving), {0.5f, 0.5f}), u"q"_s);
        }
        QCOMPARE(arriving(u"keep.MaxPool"_s, {0.5f, 0.25f}), u"q"_s);
        QCOMPARE(arriving(u"cat.Concat"_s, {0.5f, 0.25f}), u"unknown"_s);
        QCOMPARE(arriving(u"cat.Where"_s, {0.5f, 0.25f}), u"q"_s);
    }

    void inputs_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("quantizers"); ///< that c reads
        QTest::newRow("what arrives, each once")
            << u"q=u8 2^-6; s=u8 2^-5; c"_s << u"x > q > c; s > c; q > keep > c"_s << u"q:act s:act"_s;
        QTest::newRow("its own") << u"q=u8 2^-6; c.input=i8 2^-5"_s << u"x > q > c"_s << u"c:input"_s;
        QTest::newRow("nothing that is known") << u"q=?; c"_s << u"x > q > c"_s << QString();
        QTest::newRow("an activation reads what arrives") << u"q=u8 2^-6; c=u8 2^-3"_s << u"x > q > c"_s << u"q:act"_s;
        QTest::newRow("its own, without a flow") << u"q=u8 2^-6; c.input=i8 2^-5"_s << QString() << u"c:input"_s;
    }

    void inputs()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        const FlowSketch sketch(layers, edges);
        QTEST(slotTexts(sketch.network, inputQuantizers(Arrivals(sketch.network), sketch.network.layer("c")->id)),
            "quantizers");
    }

    /// A state_dict without an export: the recipe's `input` of a slot.
    void inputsOfARecipe()
    {
        FlowSketch sketch(u"q=u8 2^-6; w.output=i8 2^-3; c"_s, QString());
        sketch.network.flow = Flow();
        Network &network = sketch.network;
        const auto read = [&](const std::string &input) {
            SlotQuantizer bias;
            bias.slot = Slot::Bias;
            bias.input = input;
            network.layers.back().slots = {bias};
            return slotTexts(network, inputQuantizers(Arrivals(network), network.layers.back().id));
        };
        QCOMPARE(read("q"), u"q:act"_s);
        QCOMPARE(read("w"), u"w:output"_s);
        QCOMPARE(read("w:output"), u"w:output"_s);
        QCOMPARE(read("w:act"), QString());
        QCOMPARE(read("nobody"), QString());
        network.layers[0].name = "module.q"; // as DataParallel saves it
        QCOMPARE(read("q"), u"module.q:act"_s);
        QCOMPARE(read(""), QString());
    }

    /// Where a recipe says that nothing quantizes it, the values are plain, and no quantizer is missed.
    void switchedOff_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QString>("type"); ///< quant_type
        QTest::addColumn<bool>("off");
        QTest::newRow("None") << u"None"_s << QString() << true;
        QTest::newRow("quant_type") << u"Int8ActPerTensorFloat"_s << u"FP"_s << true;
        QTest::newRow("quant_type with its class") << u"Int8ActPerTensorFloat"_s << u"QuantType.FP"_s << true;
        QTest::newRow("another type") << u"Int8ActPerTensorFloat"_s << u"INT"_s << false;
        QTest::newRow("not known") << u"Int8ActPerTensorFloat"_s << QString() << false;
    }

    void switchedOff()
    {
        QFETCH(QString, preset);
        QFETCH(QString, type);
        QFETCH(bool, off);
        FlowSketch sketch(
            u"q=?; s=u8 2^-5; c.input=?; c.output=?"_s, u"x > q > keep > add; x > s > add; add > y; q > c"_s);
        for (Layer &layer : sketch.network.layers)
            for (SlotQuantizer &slot : layer.slots)
                if (!slot.quantizer) {
                    slot.preset = preset.toStdString();
                    if (!type.isEmpty())
                        slot.overrides = {{"quant_type", type.toStdString()}};
                }
        const Arrivals arrivals(sketch.network);
        QCOMPARE(arrivalText(sketch, arrivals.into(sketch.id(u"add"_s)).front()), off ? u"plain q"_s : u"unknown q"_s);
        const LayerId q = sketch.network.layer("q")->id, c = sketch.network.layer("c")->id;
        QCOMPARE(slotTexts(sketch.network, inputQuantizers(arrivals, c)), off ? QString() : u"c:input"_s);
        const Neighbourhoods all(sketch.network);
        QCOMPARE(all.of(q).own.has_value(), !off);
        QCOMPARE(all.of(c).own.has_value(), !off);
        QCOMPARE(all.of(c).inputs.neighbours.front().quantizer.has_value(), !off);
        QCOMPARE(all.of(c).inputs.neighbours.front().grid, off ? Arrival::Kind::Plain : Arrival::Kind::Unknown);
        QCOMPARE(all.of(q).outputs.neighbours.back().quantizer.has_value(), !off); // c reads with its own
    }

    /// "add: scale; 0 1" are the fields and the inputs that differ.
    void joins_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("disagreeing");
        const auto row = [](const char *title, const char *layers, const char *disagreeing,
                             const char *edges = "x > q > add; x > s > add; add > c") {
            QTest::newRow(title) << QString::fromUtf8(layers) << QString::fromUtf8(edges)
                                 << QString::fromUtf8(disagreeing);
        };
        row("equal", "q=u8 2^-6; s=u8 2^-6; c", "");
        row("scale", "q=u8 2^-6; s=u8 2^-5; c", "add: scale; 0 1");
        row("a scale in its last bit", "q=u8 0.1; s=u8 0.10000001; c", "add: scale; 0 1");
        row("zero point", "q=u8 2^-6; s=u8 2^-6 zp 3; c", "add: zero point; 0 1");
        row("bits", "q=u8 2^-6; s=u6 2^-6; c", "add: bits; 0 1");
        row("sign", "q=u8 2^-6; s=i8 2^-6; c", "add: sign; 0 1");
        row("all of it", "q=u8 2^-6; s=i6 2^-5 zp 1; c", "add: scale, zero point, bits, sign; 0 1");
        row("one that is not known", "q=u8 2^-6; s=?; c", "");
        row("three, one of them alone", "q=u8 2^-6; s=u8 2^-5; r=u8 2^-6; c", "add: scale; 1",
            "q > add; s > add; r > add; add > c");
        row("three of a kind each", "q=u8 2^-6; s=u8 2^-5; r=u8 2^-4; c", "add: scale; 0 1 2",
            "q > add; s > add; r > add; add > c");
        row("two and two", "q=u8 2^-6; s=u8 2^-5; c", "add: scale; 0 1 2 3",
            "q > add; q > keep > add; s > add; s > keep2 > add; add > c");
        row("different fields", "q=u8 2^-6; s=u6 2^-6; r=i8 2^-6; t=u8 2^-6; c", "add: bits, sign; 1 2",
            "q > add; s > add; r > add; t > add; add > c");
        row("through operators that keep", "q=u8 2^-6; s=u8 2^-5; c", "add: scale; 0 1",
            "q > keep > add; s > pad > add; add > c");
        row("not through one that computes", "q=u8 2^-6; s=u8 2^-5; c", "", "q > relu > add; s > add; add > c");
        row("one is plain", "q=u8 2^-6; s=u8 2^-5; c", "add: scale; 0 2", "q > add; x > add; s > add; add > c");
        row("side by side", "q=u8 2^-6; s=u8 2^-5; c", "cat: scale; 0 1", "q > cat; s > cat; cat > c");
        row("said once", "q=u8 2^-6; s=u8 2^-5; c", "cat: scale; 0 1",
            "q > cat; s > cat; cat > cat2; q > cat2; cat2 > c");
        row("one value twice", "q=u8 2^-6; c", "", "q > add; q > add; add > c");
        row("one that computes is no join", "q=u8 2^-6; s=u8 2^-5; c", "", "q > mul; s > mul; mul > c");
        row("which nothing reads", "q=u8 2^-6; s=u8 2^-5; c", "add: scale; 0 1", "q > add; s > add; add > y");
    }

    void joins()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        const FlowSketch sketch(layers, edges);
        QStringList found;
        for (const Join &join : disagreeingJoins(sketch.network)) {
            QStringList fields, inputs;
            for (const GridField field : join.fields)
                fields << QString::fromUtf8(gridFieldName(field));
            for (std::size_t input = 0; input < join.inputs.size(); ++input)
                if (join.inputs[input].differs)
                    inputs << QString::number(input);
            found << u"%1: %2; %3"_s.arg(sketch.name(join.node), fields.join(u", "_s), inputs.join(u' '));
        }
        QTEST(found.join(u" | "_s), "disagreeing");
    }

    /// Scales of channels are compared as they stand; one for all is many that are equal.
    void scalesOfChannels()
    {
        const auto q = [](std::vector<float> scales) {
            return test::affine(8, false, false, {{static_cast<std::int64_t>(scales.size())}, 0, std::move(scales)});
        };
        QVERIFY(gridDifferences(q({0.5f, 0.25f}), q({0.5f, 0.25f})).empty());
        QCOMPARE(gridDifferences(q({0.5f, 0.25f}), q({0.25f, 0.5f})), std::vector{GridField::Scale});
        QVERIFY(gridDifferences(q({0.5f, 0.5f}), q({0.5f})).empty());
        QCOMPARE(gridDifferences(q({0.5f, 0.25f}), q({0.5f})), std::vector{GridField::Scale});
        QVERIFY(gridDifferences(q({NAN}), q({NAN})).empty());
        QCOMPARE(gridScaleText(q({0.5f, 0.1f})), std::string("2 scales from 0.1 to 2^-1"));
        QCOMPARE(gridTypeText(q({0.5f})), std::string("u8"));
    }

    /// Neighbours as "name:quantizer", with what is theirs alone in brackets; the operators that all have in common.
    void neighbours_data()
    {
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("above");
        QTest::addColumn<QString>("below");
        const auto row = [](const char *title, const char *edges, const char *above, const char *below) {
            QTest::newRow(title) << QString::fromUtf8(edges) << QString::fromUtf8(above) << QString::fromUtf8(below);
        };
        row("a chain", "x > q > c > s > y", "q:act", "s:act");
        row("operators between", "x > q > keep > relu > c > relu2 > s", "q:act | keep relu", "s:act | relu2");
        row("the network's ends", "x > c > keep > y", "x", "y | keep");
        row("a join", "x > q > keep > add; x > s > add; add > c", "q:act (keep) differs, s:act differs | add", "");
        row("a fork", "x > c > q; c > keep > s", "x", "q:act, s:act (keep)");
        row("both ways through one operator", "x > q > add; q > keep > add; add > c", "q:act | keep add", "");
        row("a join that is fed", "c > add; s > add; add > y", "", "y | add");
        row("a layer that is not in the flow", "x > q > y", "", "");
    }

    void neighbours()
    {
        QFETCH(QString, edges);
        const FlowSketch sketch(u"q=u8 2^-6; r=u8 2^-6; s=u8 2^-5; c"_s, u"r > q;"_s + edges);
        const Neighbourhood found = Neighbourhoods(sketch.network).of(sketch.network.layer("c")->id);
        const auto text = [&](const Side &side) {
            QStringList out;
            for (const Neighbour &next : side.neighbours) {
                QString one = QString::fromStdString(next.name);
                if (next.quantizer)
                    one += u':' + QString::fromUtf8(slotName(next.quantizer->slot));
                if (!next.operators.empty())
                    one += u" (%1)"_s.arg(words(sketch, next.operators));
                out << one + (next.differs ? u" differs"_s : QString());
            }
            return out.join(u", "_s) + (side.operators.empty() ? QString() : u" | "_s + words(sketch, side.operators));
        };
        QCOMPARE(found.read, inputQuantizers(Arrivals(sketch.network), sketch.network.layer("c")->id));
        QTEST(text(found.inputs), "above");
        QTEST(text(found.outputs), "below");
    }

    /// A dense block: nobody is left out.
    void manyNeighbours()
    {
        QString layers = u"c"_s, edges = u"cat > c"_s;
        for (int i = 0; i < 100; ++i) {
            layers += u"; q%1=u8 2^%2"_s.arg(i).arg(i % 10 == 3 ? -5 : -6);
            edges += u"; q%1 > cat"_s.arg(i);
        }
        const FlowSketch sketch(layers, edges);
        const Neighbourhood found = Neighbourhoods(sketch.network).of(layerId(0));
        QCOMPARE(found.inputs.neighbours.size(), std::size_t{100});
        QCOMPARE(std::ranges::count_if(found.inputs.neighbours, &Neighbour::differs), 10);
        QVERIFY(!found.inputs.neighbours[0].differs && found.inputs.neighbours[3].differs);
    }

    /// Neither the program's stack nor the square of its size: chains and stars as large as a file may make them.
    void largeNetworks()
    {
        constexpr std::size_t kSize = 20000;
        FlowSketch sketch(u"q=u8 2^-6; s=u8 2^-5; c"_s, QString());
        FlowBuilder builder;
        for (const Layer &layer : sketch.network.layers)
            builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name});
        const auto layer = [](std::uint32_t at) { return static_cast<FlowNodeId>(at); };
        FlowNodeId at = layer(0);
        const FlowNodeId wide = builder.add({.opType = "Concat"});
        for (std::size_t i = 0; i < kSize; ++i) {
            const FlowNodeId next = builder.add({.opType = "Add"});
            FlowEdge edge{.from = at, .to = next, .use = FlowUse::Merges};
            FlowEdge other{
                .from = layer(1), .to = next, .use = FlowUse::Merges, .quantizer = SlotId{layerId(1), Slot::Act}};
            if (i == 0)
                edge.quantizer = SlotId{layerId(0), Slot::Act};
            builder.connect(edge);
            builder.connect(other);
            builder.connect({.from = next, .to = wide, .use = FlowUse::Merges});
            at = next;
        }
        builder.connect({.from = wide, .to = layer(2)});
        sketch.network.flow = builder.build();
        const Arrivals arrivals(sketch.network);
        QCOMPARE(arrivals.into(layer(2)).front().kind, Arrival::Kind::Several);
        QCOMPARE(disagreeingJoins(sketch.network).size(), std::size_t{1}); // the first: later ones read several
        QCOMPARE(Neighbourhoods(sketch.network).of(layerId(2)).inputs.neighbours.size(), std::size_t{2});
    }

private:
    static QString slotTexts(const Network &network, const std::vector<SlotId> &slots)
    {
        QStringList out;
        for (const SlotId &slot : slots)
            out << QString::fromStdString(network.layer(slot.layer).name) + u':'
                    + QString::fromUtf8(slotName(slot.slot));
        return out.join(u' ');
    }
};

QTEST_GUILESS_MAIN(TestArrivals)
#include "tst_arrivals.moc"

#include "dialects/brevitas/recipe_edits.h"
#include "items/join_notes.h"
#include "items/layer_strip.h"
#include "look/theme.h"
#include "pages/overview/layer_strip_bar.h"
#include "pages/overview/overview_page.h"
#include "support.h"
#include "support/flow_sketch.h"

#include <QMenu>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

/// The whole line, each piece as it stands.
QString lineOf(const Network &network, const std::string &layer, std::size_t most = 6)
{
    QStringList out;
    const LayerId id = network.layer(layer)->id;
    for (const StripPart &part : stripParts(network, id, Neighbourhoods(network).of(id), most))
        out << (part.kind == StripPart::Kind::Here ? u"[%1]"_s : u"%1"_s).arg(stripText(part));
    return out.join(u" | "_s);
}

QList<StripLink *> shownLinks(const QWidget &bar)
{
    QList<StripLink *> out;
    for (StripLink *link : bar.findChildren<StripLink *>())
        if (!link->isHidden())
            out << link;
    return out;
}

} // namespace

class LayerStripTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }

    /// Of ten inputs eight have room in the tip, and what differs comes first.
    void joinOfMany()
    {
        QStringList layers, edges{u"cat > y"_s},
            lines{u"cat cat joins what differs in scale:"_s, u"≠ j act: u8 · 2⁻⁵"_s};
        for (const QChar layer : u"abcdefghij"_s) {
            layers << layer + u"=u8 2^-%1"_s.arg(layer == u'j' ? 5 : 6);
            edges << u"x > "_s + layer + u" > cat"_s;
            if (layer < u'h')
                lines << u"· "_s + layer + u" act: u8 · 2⁻⁶"_s;
        }
        const test::FlowSketch sketch(layers.join(u"; "_s), edges.join(u"; "_s));
        const std::vector<JoinNote> notes = joinNotes(sketch.network);
        QCOMPARE(notes.size(), std::size_t(1));
        QCOMPARE(notes[0].lines, lines << u"and 2 more inputs: see the problems"_s);
    }
    void init() { test::failOnWarnings(); }

    /// As the nodes and their numbers stand in the files.
    void lines_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QString>("line");
        const QString chain = u"x > q > c > s > y"_s;
        QTest::newRow("a chain") << u"q=u8 2^-6; c; s=u6 2^-3"_s << chain
                                 << u"q  u8 · 2⁻⁶ | → | [c] | → | s  u6 · 2⁻³"_s;
        QTest::newRow("a zero point and a float") << u"q=u8 0.0123456 zp 128; c; s=i4 2^2"_s << chain
                                                  << u"q  u8 · 0.01235 · zero point 128 | → | [c] | → | s  i4 · 2²"_s;
        QTest::newRow("not known") << u"q=?; c; s=?"_s << chain << u"q  ? | → | [c] | → | s  ?"_s;
        QTest::newRow("without a quantizer") << u"q; c; s=u6 2^-3"_s << chain << u"q | → | [c] | → | s  u6 · 2⁻³"_s;
        QTest::newRow("the ends of the network")
            << u"c=u8 2^-6"_s << u"x > c > y"_s << u"x | → | [c  u8 · 2⁻⁶] | → | y"_s;
        QTest::newRow("operators") << u"q=u8 2^-6; c; s=u6 2^-3"_s << u"q > keep > c > relu > pool > norm > mul > s"_s
                                   << u"q  u8 · 2⁻⁶ | → keep → | [c] | → relu · 2 more · mul → | s  u6 · 2⁻³"_s;
        QTest::newRow("a join that agrees") << u"q=u8 2^-6; s=u8 2^-6; c"_s << u"q > add; s > add; add > c"_s
                                            << u"q  u8 · 2⁻⁶ | s  u8 · 2⁻⁶ | → add → | [c]"_s;
        QTest::newRow("a join that disagrees")
            << u"q=u8 2^-6; s=u8 2^-5; c"_s << u"q > keep > add; s > add; add > c"_s
            << u"q  u8 · 2⁻⁶ differs | keep | s  u8 · 2⁻⁵ differs | → add differs → | [c]"_s;
        QTest::newRow("one of three") << u"q=u8 2^-6; s=u8 2^-5; r=u8 2^-6; c"_s
                                      << u"q > add; s > add; r > add; add > c"_s
                                      << u"q  u8 · 2⁻⁶ | s  u8 · 2⁻⁵ differs | r  u8 · 2⁻⁶ | → add differs → | [c]"_s;
        QTest::newRow("what it feeds disagrees with it")
            << u"c=u8 2^-6; s=u8 2^-5; r"_s << u"c > add; s > add; add > r"_s
            << u"[c  u8 · 2⁻⁶] | → add differs → | r"_s;
        QTest::newRow("what it feeds quantizes first")
            << u"q=u8 2^-6; c.input=i8 2^-5; c.weight=i4 2^-1"_s << u"q > c"_s << u"q  u8 · 2⁻⁶ | → | [c]"_s;
        QTest::newRow("nothing is known") << u"c=u8 2^-6"_s << QString() << QString();
    }

    void lines()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        QTEST(lineOf(test::FlowSketch(layers, edges).network, "c"), "line");
    }

    void ends()
    {
        const test::FlowSketch sketch(u"c=u8 2^-6; d.input=i8 2^-5; e.output=u4 2^-1"_s, u"c > d; c > e; Q! > c"_s);
        QCOMPARE(lineOf(sketch.network, "c"), u"Q! | → | [c  u8 · 2⁻⁶] | → | d  input i8 · 2⁻⁵ | e  output u4 · 2⁻¹"_s);
        const LayerId id = sketch.network.layer("c")->id;
        const auto parts = stripParts(sketch.network, id, Neighbourhoods(sketch.network).of(id), 6);
        QCOMPARE(parts[0].kind, StripPart::Kind::End);
        QCOMPARE(parts[0].tip, u"Q!\na layer of the export alone: its quantizer is not in this file"_s);
        QCOMPARE(parts[4].tip, u"d, Identity\nd input: i8, scale 2⁻⁵, zero point 0"_s);
        QCOMPARE(stripName(parts[4], false), u"feeds d, input i8 · 2⁻⁵"_s);
    }

    /// Scales and zero points of channels: how many there are, and one where all are the same.
    void numbersOfChannels_data()
    {
        QTest::addColumn<std::vector<float>>("scales");
        QTest::addColumn<std::vector<float>>("zeros");
        QTest::addColumn<QString>("type");
        QTest::addColumn<QString>("tip");
        using V = std::vector<float>;
        QTest::newRow("one") << V{0.5f} << V{3} << u"u8 · 2⁻¹ · zero point 3"_s << u"scale 2⁻¹, zero point 3"_s;
        QTest::newRow("different") << V{0.5f, 0.25f} << V{1, 4} << u"u8 · 2 scales · 2 zero points"_s
                                   << u"2 scales from 2⁻² to 2⁻¹, zero point 2 values from 1 to 4"_s;
        QTest::newRow("equal") << V{0.5f, 0.5f} << V{128, 128} << u"u8 · 2⁻¹ · zero point 128"_s
                               << u"scale 2⁻¹, zero point 128"_s;
        QTest::newRow("zeros that are all zero")
            << V{0.5f, 0.25f} << V{0, 0} << u"u8 · 2 scales"_s << u"2 scales from 2⁻² to 2⁻¹, zero point 0"_s;
    }
    void numbersOfChannels()
    {
        QFETCH(std::vector<float>, scales);
        QFETCH(std::vector<float>, zeros);
        QFETCH(QString, type);
        QFETCH(QString, tip);
        test::FlowSketch sketch(u"q=u8 2^-6; c"_s, u"x > q > c"_s);
        Quantizer &quantizer = *sketch.network.layers[0].slots[0].quantizer;
        quantizer.scale = Granular{{1, static_cast<std::int64_t>(scales.size()), 1, 1}, 1, scales};
        quantizer.zeroPoint = Granular{{1, static_cast<std::int64_t>(zeros.size()), 1, 1}, 1, zeros};
        QCOMPARE(gridText(quantizer), type);
        const auto parts = stripParts(sketch.network, layerId(1), Neighbourhoods(sketch.network).of(layerId(1)), 6);
        QCOMPARE(parts[0].tip, u"q, Identity\nq act: u8, "_s + tip);
    }

    /// Kinds that no scale describes, and widths that the file leaves open.
    void kinds_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("scaled");
        QTest::addColumn<QString>("type");
        const auto row = [](const char *title, QuantizerKind kind, int bits, bool scaled, const QString &type) {
            QTest::newRow(title) << static_cast<int>(kind) << bits << scaled << type;
        };
        row("minifloat", QuantizerKind::Minifloat, 8, true, u"float8 e4m3 · 2⁻¹"_s);
        row("codebook", QuantizerKind::Codebook, 4, false, u"codebook"_s);
        row("binary", QuantizerKind::Binary, 1, true, u"binary · 2⁻¹"_s);
        row("ternary", QuantizerKind::Ternary, 2, true, u"ternary · 2⁻¹"_s);
        row("integers without a scale", QuantizerKind::Affine, 4, false, u"i4"_s); // FINN
        row("stored in", QuantizerKind::Affine, -32, true, u"i32? · 2⁻¹"_s);
    }
    void kinds()
    {
        QFETCH(int, kind);
        QFETCH(int, bits);
        QFETCH(bool, scaled);
        QFETCH(QString, type);
        Quantizer quantizer;
        quantizer.kind = static_cast<QuantizerKind>(kind);
        (bits > 0 ? quantizer.bitWidth : quantizer.storageBits) = std::abs(bits);
        quantizer.isSigned = true;
        if (quantizer.kind == QuantizerKind::Minifloat)
            quantizer.minifloat = {.exponentBits = 4, .mantissaBits = 3};
        if (scaled) {
            quantizer.scale = Granular{{}, {}, {0.5f}};
            quantizer.zeroPoint = Granular{{}, {}, {0.0f}};
        }
        QCOMPARE(gridText(quantizer), type);
        test::FlowSketch sketch(u"q=u8 2^-6; c"_s, u"x > q > c"_s);
        sketch.network.layers[0].slots[0].quantizer = quantizer;
        QCOMPARE(lineOf(sketch.network, "c"), u"q  %1 | → | [c]"_s.arg(type));
    }

    /// What a recipe switches off is no quantizer that is missing.
    void switchedOff()
    {
        test::FlowSketch sketch(u"q=?; c; s=?"_s, u"x > q > c > s"_s);
        for (const std::size_t at : {0u, 2u})
            sketch.network.layers[at].slots[0].preset = "None";
        QCOMPARE(lineOf(sketch.network, "c"), u"q | → | [c] | → | s"_s);
        const auto parts = stripParts(sketch.network, layerId(1), Neighbourhoods(sketch.network).of(layerId(1)), 6);
        QCOMPARE(parts[0].tip, u"q, Identity\ngives values that no quantizer has made"_s);
        QCOMPARE(parts[4].tip, u"s, Identity"_s);
    }

    /// A name is no place for a shortcut.
    void ampersands()
    {
        StripPart part;
        part.text = u"a&b"_s;
        StripLink link(nullptr);
        link.setPart(part, {}, true);
        QVERIFY(link.shortcut().isEmpty());
        QCOMPARE(link.accessibleName(), u"fed by a&b"_s);
    }

    /// A quantizer that the flow does not follow is not said to be unknown; an output without a name has a word.
    void notFollowed()
    {
        Network network = test::FlowSketch(u"q=u8 2^-6; c"_s, QString()).network;
        FlowBuilder builder;
        for (const Layer &layer : network.layers)
            builder.add({.kind = FlowNode::Kind::Layer, .layer = layer.id, .name = layer.name});
        const FlowNodeId out = builder.add({.kind = FlowNode::Kind::Output});
        const FlowNodeId q{0}, c{1};
        builder.connect({.from = q, .to = c, .opaque = true});
        builder.connect({.from = c, .to = out});
        network.flow = builder.build();
        QCOMPARE(lineOf(network, "c"), u"q | → | [c] | → | output"_s);
        const auto parts = stripParts(network, layerId(1), Neighbourhoods(network).of(layerId(1)), 6);
        QCOMPARE(parts[0].tip, u"q, Identity\nits quantizer is not followed to here"_s);
        QCOMPARE(parts[4].tip, u"output\nan output of the network"_s);
        network.layers[0].slots[0].quantizer.reset();
        QCOMPARE(stripParts(network, layerId(1), Neighbourhoods(network).of(layerId(1)), 6)[0].tip,
            u"q, Identity\ngives values in a form that is not decoded"_s);
    }

    /// A dense block: the rest stands behind a number, with its own links.
    void manyInputs()
    {
        QString layers = u"c"_s, edges = u"cat > c"_s;
        for (int i = 0; i < 40; ++i) {
            layers += u"; q%1=u8 2^%2"_s.arg(i).arg(i == 39 ? -5 : -6);
            edges += u"; q%1 > cat"_s.arg(i);
        }
        const test::FlowSketch sketch(layers, edges);
        QCOMPARE(lineOf(sketch.network, "c", 3),
            u"q39  u8 · 2⁻⁵ differs | q0  u8 · 2⁻⁶ | q1  u8 · 2⁻⁶ | +37 more | → cat differs → | [c]"_s);
        QCOMPARE(lineOf(test::FlowSketch(u"a; b; c"_s, u"a > c; b > c"_s).network, "c", 1), u"a | b | → | [c]"_s);
        const auto parts = stripParts(sketch.network, layerId(0), Neighbourhoods(sketch.network).of(layerId(0)), 3);
        QCOMPARE(parts[3].more.size(), std::size_t{37});
        QCOMPARE(parts[3].more.front().layer, u"q2"_s);
        QCOMPARE(parts[3].more.back().layer, u"q38"_s);
        QCOMPARE(parts[3].tip, u"37 other layers that feed it"_s);
    }

    /// Where a way leads through and what disagrees on it; of many ends how many, and how many of those differ.
    void tipsOfWays()
    {
        const auto partsOf = [](const test::FlowSketch &sketch, std::size_t most) {
            const LayerId id = sketch.network.layer("c")->id;
            return stripParts(sketch.network, id, Neighbourhoods(sketch.network).of(id), most);
        };
        const auto ways = partsOf(test::FlowSketch(u"q=u8 2^-6; s=u8 2^-5; c; d; e=u4 2^-1"_s,
                                      u"q > keep > add; s > add; add > relu > c; c > d; c > pool > norm > e"_s),
            6);
        QStringList tips;
        for (const StripPart &part : ways)
            tips << QString(part.tip).replace(u'\n', u" / "_s);
        QCOMPARE(tips,
            (QStringList{u"q, Identity / q act: u8, scale 2⁻⁶, zero point 0 / differs from what it is joined with: see "
                         "the problems / goes through keep"_s,
                u"operators on the way: keep"_s,
                u"s, Identity / s act: u8, scale 2⁻⁵, zero point 0 / differs from what it is joined with: see the "
                "problems"_s,
                u"operators on the way: add, relu / the inputs of add differ: see the problems"_s, u"c"_s, QString(),
                u"d, Identity"_s, u"operators on the way: pool, norm"_s,
                u"e, Identity / e act: u4, scale 2⁻¹, zero point 0 / reached through pool, norm"_s}));
        QString layers = u"c"_s, edges = u"cat > c"_s;
        for (int i = 0; i < 12; ++i) {
            layers += u"; q%1=u8 2^%2; r%1"_s.arg(i).arg(i % 3 == 0 ? -5 : -6);
            edges += u"; q%1 > cat; c > r%1"_s.arg(i);
        }
        const auto many = partsOf(test::FlowSketch(layers, edges), 3);
        QCOMPARE(many[3].tip, u"9 other layers that feed it, of which 1 differ where they are joined"_s);
        QVERIFY(many[3].differs);
        QCOMPARE(many.back().tip, u"9 other layers that it feeds"_s);
        QCOMPARE(stripText(many.back()), u"+9 more"_s);
        QVERIFY(!many.back().differs);
    }

    void longNames()
    {
        StripPart part;
        part.text = u"features.denseblock1.denselayer12.conv2"_s;
        part.type = u"u8 · 2⁻⁶"_s;
        QCOMPARE(stripText(part, 11), u"featu…conv2  u8 · 2⁻⁶"_s);
        part.kind = StripPart::Kind::More;
        part.text = u"+37 more"_s;
        part.type.clear();
        QCOMPARE(stripText(part, 5), u"+37 more"_s);
    }

    /// The sample: a checkpoint whose export beside it tells the flow, each end a link by mouse and by key.
    void walking()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"conv2"_s});
        OverviewPage page(session);
        page.resize(1000, 700);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        auto *bar = page.findChild<LayerStripBar *>();
        QVERIFY(bar->isVisible());
        QCOMPARE(bar->text(), u"relu1 u8 · 2⁻⁶  → MaxPool →  conv2  → Relu →  relu2 u6 · 2⁻³"_s);
        QVERIFY(bar->height() <= 32);
        QList<StripLink *> links = shownLinks(*bar);
        QCOMPARE(links.size(), 2);
        QCOMPARE(links[0]->accessibleName(), u"fed by relu1, u8 · 2⁻⁶"_s);
        QTest::mouseClick(links[1], Qt::LeftButton);
        QCOMPARE(session.selectedLayers(), QStringList{u"relu2"_s});
        QTRY_COMPARE(bar->text(), u"conv2  → Relu →  relu2 u6 · 2⁻³  → MaxPool · Reshape →  fc1"_s);
        for (const QString &name : {u"conv2"_s, u"relu1"_s, u"conv1"_s, u"quant_inp"_s}) {
            links = shownLinks(*bar);
            links[0]->setFocus(Qt::TabFocusReason);
            QTest::keyClick(links[0], Qt::Key_Return);
            QCOMPARE(session.selectedLayers(), QStringList{name});
            page.refreshNow();
            QVERIFY(shownLinks(*bar)[0]->hasFocus());
        }
        QCOMPARE(bar->text(), u"quant_inp i8 · 2⁻⁶  →  conv1"_s);
    }

    /// What is shown is of now: edits, undo, another file, and nothing at all.
    void staysRight()
    {
        Session session;
        OverviewPage page(session);
        page.resize(1000, 700);
        auto *bar = page.findChild<LayerStripBar *>();
        page.refreshNow();
        QVERIFY(bar->isHidden());
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"conv2"_s});
        page.refreshNow();
        const QString before = bar->text();
        session.applyChoices(
            {{"relu1", Slot::Act, "Uint8ActPerTensorFixedPoint", {{"bit_width", "5"}}}}, u"five bits"_s);
        QTRY_VERIFY(session.network()->layer("relu1")->slot(Slot::Act)->quantizer->bitWidth == 5);
        page.refreshNow();
        QVERIFY2(bar->text().startsWith(u"relu1 u5 · "), qPrintable(bar->text()));
        session.undoStack().undo();
        QTRY_VERIFY(session.network()->layer("relu1")->slot(Slot::Act)->quantizer->bitWidth == 8);
        page.refreshNow();
        QCOMPARE(bar->text(), before);
        QVERIFY(test::openAndWait(session, test::data("brevitas/0.10.2/residual_add.qonnx.onnx")));
        session.selectLayers({u"s"_s});
        page.refreshNow();
        QVERIFY2(bar->text().contains(u"Add"), qPrintable(bar->text()));
        session.close();
        page.refreshNow();
        QVERIFY(bar->isHidden());
    }

    /// However narrow: the layer itself and a way to each side stay.
    void narrow()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.selectLayers({u"relu2"_s});
        LayerStripBar bar(session);
        bar.refresh();
        for (const int width : {2000, 700, 500, 404}) {
            bar.resize(width, 30);
            bar.show();
            const QList<StripLink *> links = shownLinks(bar);
            QCOMPARE(links.size(), 2);
            for (const StripLink *link : links)
                QVERIFY2(link->geometry().right() < width, qPrintable(bar.text()));
        }
    }

    /// The colour is never alone: the word stands beside it.
    void differing()
    {
        for (const ThemeChoice theme : {ThemeChoice::Light, ThemeChoice::Dark}) {
            Theme::instance().apply(theme);
            StripPart part;
            part.text = u"q"_s;
            part.type = u"u8 · 2⁻⁶"_s;
            part.differs = true;
            StripLink link(nullptr);
            link.setPart(part, {}, true);
            link.resize(link.sizeHint());
            QCOMPARE(link.accessibleName(), u"fed by q, u8 · 2⁻⁶, differs"_s);
            QCOMPARE(link.text(), u"q  u8 · 2⁻⁶ differs"_s);
            QVERIFY(contrastRatio(colours().redText, colours().panel) >= 4.5);
        }
        Theme::instance().apply(ThemeChoice::System);
    }
};

QTEST_MAIN(LayerStripTest)
#include "tst_layer_strip.moc"

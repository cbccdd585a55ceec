#include "formats/pickle/call_policy.h"
#include "formats/pickle/pickle_machine.h"
#include "formats/zip_builder.h"

#include <QtTest>

#include "base/text.h"

using namespace quantscope;

namespace {

PickleTree read(const std::string &bytes, const Limits &limits = {})
{
    static Budget budget(1ull << 30);
    return PickleMachine::run(test::toBytes(bytes), 0, limits, budget);
}

/// As Python's repr() writes it, so that what Python pickled can be compared as text.
std::string repr(const PickleTree &tree, PickleRef ref)
{
    const auto join = [&](std::span<const PickleRef> items) {
        std::string out;
        for (const PickleRef item : items)
            out += (out.empty() ? "" : ", ") + repr(tree, item);
        return out;
    };
    const auto fraction = [](double value) {
        const std::string text = shortest(value);
        return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    };
    switch (tree.kind(ref)) {
    case PickleKind::None: return "None";
    case PickleKind::Bool: return tree.integer(ref) != 0 ? "True" : "False";
    case PickleKind::Int: return std::to_string(tree.integer(ref));
    case PickleKind::BigInt: return "BIG";
    case PickleKind::Float: return fraction(tree.real(ref));
    case PickleKind::Text: return "'" + std::string(tree.text(ref)) + "'";
    case PickleKind::Bytes: return "b'" + std::string(tree.text(ref)) + "'";
    case PickleKind::Tuple: return "(" + join(tree.items(ref)) + ")";
    case PickleKind::List: return "[" + join(tree.items(ref)) + "]";
    case PickleKind::Set: return "{" + join(tree.items(ref)) + "}";
    case PickleKind::Dict: {
        std::string out;
        const auto pairs = tree.pairs(ref);
        for (std::size_t i = 0; i < pairs.size(); i += 2)
            out += (out.empty() ? "" : ", ") + repr(tree, pairs[i]) + ": " + repr(tree, pairs[i + 1]);
        return "{" + out + "}";
    }
    case PickleKind::Global: return "<" + tree.globalName(ref) + ">";
    case PickleKind::Call: return "call " + tree.callableName(ref) + repr(tree, tree.arguments(ref));
    case PickleKind::Object: return "new " + tree.callableName(ref) + repr(tree, tree.arguments(ref));
    case PickleKind::Persistent: return "@" + repr(tree, tree.persistentId(ref));
    }
    return "?";
}

} // namespace

class TestPickle : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// What Python 3.11's pickle.dumps(value, protocol) wrote.
    void pythonsOwn_data()
    {
        QTest::addColumn<QByteArray>("hex");
        QTest::newRow("protocol 0") << QByteArray(
            "286470300a56610a70310a286c70320a49300a6149310a61493235350a61493235360a614936353533350a61493635353336"
            "0a61492d310a61492d323134373438333634380a614c323134373438333634384c0a614c313039393531313632373737364c"
            "0a614c2d393232333337323033363835343737353830384c0a6146312e350a61462d302e300a614930310a614930300a614e"
            "617356620a70330a2856780a70340a28747470350a7356630a70360a286470370a56e90a70380a2849310a49320a49330a74"
            "70390a7349350a2849310a49320a49330a49340a747031300a7373566c6f6e670a7031310a4c313138303539313632303731"
            "373431313330333432344c0a732e");
        QTest::newRow("protocol 1") << QByteArray(
            "7d71002858010000006171015d7102284b004b014bff4d00014dffff4a000001004affffffff4a000000804c323134373438"
            "333634384c0a4c313039393531313632373737364c0a4c2d393232333337323033363835343737353830384c0a473ff80000"
            "000000004780000000000000004930310a4930300a4e65580100000062710328580100000078710429747105580100000063"
            "71067d7107285802000000c3a97108284b014b024b037471094b05284b014b024b034b0474710a7558040000006c6f6e6771"
            "0b4c313138303539313632303731373431313330333432344c0a752e");
        QTest::newRow("protocol 2") << QByteArray(
            "80027d71002858010000006171015d7102284b004b014bff4d00014dffff4a000001004affffffff4a000000808a05000000"
            "80008a060000000000018a080000000000000080473ff800000000000047800000000000000088894e655801000000627103"
            "58010000007871042986710558010000006371067d7107285802000000c3a971084b014b024b038771094b05284b014b024b"
            "034b0474710a7558040000006c6f6e67710b8a09000000000000000040752e");
        QTest::newRow("protocol 3") << QByteArray(
            "80037d71002858010000006171015d7102284b004b014bff4d00014dffff4a000001004affffffff4a000000808a05000000"
            "80008a060000000000018a080000000000000080473ff800000000000047800000000000000088894e655801000000627103"
            "58010000007871042986710558010000006371067d7107285802000000c3a971084b014b024b038771094b05284b014b024b"
            "034b0474710a7558040000006c6f6e67710b8a09000000000000000040752e");
        QTest::newRow("protocol 4") << QByteArray(
            "80049595000000000000007d94288c0161945d94284b004b014bff4d00014dffff4a000001004affffffff4a000000808a05"
            "00000080008a060000000000018a080000000000000080473ff800000000000047800000000000000088894e658c0162948c"
            "0178942986948c0163947d94288c02c3a9944b014b024b0387944b05284b014b024b034b047494758c046c6f6e67948a0900"
            "0000000000000040752e");
        QTest::newRow("protocol 5") << QByteArray(
            "80059595000000000000007d94288c0161945d94284b004b014bff4d00014dffff4a000001004affffffff4a000000808a05"
            "00000080008a060000000000018a080000000000000080473ff800000000000047800000000000000088894e658c0162948c"
            "0178942986948c0163947d94288c02c3a9944b014b024b0387944b05284b014b024b034b047494758c046c6f6e67948a0900"
            "0000000000000040752e");
    }

    void pythonsOwn()
    {
        QFETCH(QByteArray, hex);
        const PickleTree tree = read(QByteArray::fromHex(hex).toStdString());
        QCOMPARE(QString::fromStdString(repr(tree, tree.root)),
            QString(
                "{'a': [0, 1, 255, 256, 65535, 65536, -1, -2147483648, 2147483648, 1099511627776, "
                "-9223372036854775808, "
                "1.5, -0.0, True, False, None], 'b': ('x', ()), 'c': {'é': (1, 2, 3), 5: (1, 2, 3, 4)}, 'long': BIG}"));
    }

    /// Hand-worked from the opcode descriptions of Python's pickletools.
    void opcodes_data()
    {
        QTest::addColumn<QByteArray>("pickle");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *name, const QByteArray &pickle, const char *expected) {
            QTest::newRow(name) << pickle << QString(expected);
        };
        row("INT bool", "I01\n.", "True");
        row("LONG", "L-5L\n.", "-5");
        row("FLOAT", "F2.5\n.", "2.5");
        row("FLOAT beyond",
            "(F1e999\nF-1e999\nF1e-999\nF0.0000001e400\nF1e99999999999999999999\nF1e-99999999999999999999\nl.",
            "[inf, -inf, 0.0, inf, inf, 0.0]");
        row("STRING escapes", "S'a\\x41\\n\\\\'\n.", "'aA\n\\'");
        row("UNICODE escapes", "Va\\u00e9\\\\u\n.", "'aé\\\\u'");
        row("LONG1 empty", QByteArray("\x8a\x00.", 3), "0");
        row("LONG1 negative", QByteArray("\x8a\x01\xff."), "-1");
        row("LONG1 127", QByteArray("\x8a\x01\x7f."), "127");
        row("BINFLOAT", QByteArray("G\x3f\xf0\x00\x00\x00\x00\x00\x00.", 10), "1.0");
        row("POP",
            "K\x01K\x02"
            "0.",
            "1");
        row("POP of a mark", "K\x01(0.", "1");
        row("POP_MARK",
            "K\x01(K\x02K\x03"
            "1.",
            "1");
        row("DUP",
            "K\x01"
            "2\x86.",
            "(1, 1)");
        row("DICT",
            "(K\x01K\x02"
            "d.",
            "{1: 2}");
        row("LIST", "(K\x01K\x02l.", "[1, 2]");
        row("APPEND",
            "]K\x01"
            "a.",
            "[1]");
        row("set", "\x8f(K\x01K\x02\x90.", "{1, 2}");
        row("frozenset", "(K\x01\x91.", "{1}");
        row("memo", QByteArray("K\x07q\x00\x30h\x00.", 8), "7");
        row("MEMOIZE counts", QByteArray("K\x07\x94K\x08\x94\x30\x30h\x01.", 11), "8");
        row("REDUCE", "cm\nf\nK\x01\x85R.", "call m.f(1)");
        row("NEWOBJ", "cm\nC\n)\x81.", "new m.C()");
        row("NEWOBJ_EX", "cm\nC\n)}\x92.", "new m.C((), {})");
        row("INST", "(K\x01im\nC\n.", "new m.C(1)");
        row("OBJ", "(cm\nC\nK\x01o.", "new m.C(1)");
        row("STACK_GLOBAL",
            "\x8c\x01m\x8c\x01"
            "f\x93.",
            "<m.f>");
        row("Python 2 module", "c__builtin__\nset\n.", "<builtins.set>");
        row("PERSID", "Pabc\n.", "@'abc'");
        row("BINPERSID", "K\x05Q.", "@5");
        row("BYTEARRAY8", QByteArray("\x96\x02\x00\x00\x00\x00\x00\x00\x00hi.", 12), "b'hi'");
    }

    void opcodes()
    {
        QFETCH(QByteArray, pickle);
        QFETCH(QString, expected);
        const PickleTree tree = read(pickle.toStdString());
        QCOMPARE(QString::fromStdString(repr(tree, tree.root)), expected);
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("pickle");
        QTest::newRow("nothing") << QByteArray("");
        QTest::newRow("pops below a mark") << QByteArray("K\x01(R.");
        QTest::newRow("EXT1") << QByteArray("\x82\x01.");
        QTest::newRow("NEXT_BUFFER") << QByteArray("\x97.");
        QTest::newRow("calls a number") << QByteArray("K\x01)R.");
        QTest::newRow("arguments not a tuple") << QByteArray("cm\nf\n]R.");
        QTest::newRow("state on a list") << QByteArray("]}b.");
        QTest::newRow("state on a name") << QByteArray("cm\nf\n}b.");
        QTest::newRow("PUT negative") << QByteArray("K\x01p-1\n.");
        QTest::newRow("GET too large") << QByteArray("g18446744073709551616\n.");
        QTest::newRow("dict with an odd count") << QByteArray("(K\x01"
                                                              "d.");
        QTest::newRow("OBJ without a class") << QByteArray("(o.");
        QTest::newRow("STRING without quotes") << QByteArray("Sab\n.");
        QTest::newRow("LONG4 cut off") << QByteArray("\x8b\x05\x00\x00\x00\x01.", 7);
        QTest::newRow("hostile, dropped") << QByteArray("cos\nsystem\nX\x02\x00\x00\x00ls\x85R0N.", 24);
    }

    void refused()
    {
        QFETCH(QByteArray, pickle);
        QVERIFY_EXCEPTION_THROWN(read(pickle.toStdString()), ParseError);
    }

    void limits()
    {
        Limits limits;
        limits.pickleNodes = 10;
        std::string many = "(";
        for (int i = 0; i < 20; ++i)
            many += "]";
        QVERIFY_EXCEPTION_THROWN(read(many + "l.", limits), ParseError);
        Budget small(64 << 10);
        QVERIFY_EXCEPTION_THROWN(
            PickleMachine::run(test::toBytes("(" + std::string(100000, 'N') + "l."), 0, {}, small), ParseError);
    }

    void callPolicy_data()
    {
        QTest::addColumn<QString>("module");
        QTest::addColumn<QString>("attribute");
        QTest::addColumn<bool>("hostile");
        const auto row = [](const char *module, const char *attribute, bool hostile) {
            QTest::addRow("%s.%s", module, attribute) << QString(module) << QString(attribute) << hostile;
        };
        row("os", "system", true);
        row("posix", "system", true);
        row("builtins", "eval", true);
        row("__builtin__", "eval", true);
        row("builtins", "getattr", false);
        row("builtins", "set", false);
        row("subprocess", "Popen", true);
        row("importlib.util", "find_spec", true);
        row("torch.hub", "load", true);
        row("torch", "hub.load", true);
        row("torch", "load", true);
        row("torch._utils", "_rebuild_tensor_v2", false);
        row("code", "interact", true);
        row("code.models", "Net", false);
        row("osprey", "Net", false);
        row("mypackage.os", "Net", false);
        row("numpy", "dtype", false);
    }

    void callPolicy()
    {
        QFETCH(QString, module);
        QFETCH(QString, attribute);
        QFETCH(bool, hostile);
        QCOMPARE(isHostileCallable(module.toStdString(), attribute.toStdString()), hostile);
    }
};

QTEST_APPLESS_MAIN(TestPickle)
#include "tst_pickle.moc"

#include "formats/open_model.h"
#include "formats/zip_builder.h"

#include <QtTest>

using namespace quantscope;

namespace {

/// An archive of one module of the class __torch__.M with that code; its attributes are a pickle's keys and values.
Result<std::shared_ptr<const ModelFile>> opened(const std::string &code, const std::string &attributes = {})
{
    const std::string none("\x80\x02).", 4);
    const std::string bytes = test::ZipBuilder()
                                  .add("m/data.pkl", "c__torch__\nM\n)\x81}(" + attributes + "ub.")
                                  .add("m/constants.pkl", none)
                                  .add("m/version", "3\n")
                                  .add("m/code/__torch__.py", code, true)
                                  .finish();
    return openModel(std::make_shared<MemorySource>(test::toBytes(bytes)), "m.pt");
}

std::string method(const std::string &body)
{
    return "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n"
        + body;
}

/// Nodes of the graph: "aten::add(x, ) -> y".
QStringList operators(const std::string &body)
{
    const auto file = opened(method(body));
    if (!file)
        return {QString::fromStdString(file.error().message)};
    QStringList out;
    if (!(*file)->graph)
        return {"no graph"};
    const Graph &graph = *(*file)->graph;
    for (const Node &node : graph.nodes) {
        QStringList inputs;
        for (const ValueId input : node.inputs)
            inputs << (input == kNoValue ? QString("-") : QString::fromStdString(graph.values[input].name));
        out << QString("%1::%2(%3)")
                   .arg(QString::fromStdString(node.domain), QString::fromStdString(node.opType), inputs.join(" "));
    }
    return out;
}

} // namespace

/// Code of TorchScript archives, which is followed and never run.
class TestScriptCode : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void followed_data()
    {
        QTest::addColumn<QString>("body");
        QTest::addColumn<QStringList>("wanted");
        const auto row = [](const char *name, const char *body, const QStringList &wanted) {
            QTest::newRow(name) << body << wanted;
        };
        row("arguments", "    y = torch.add(x, 2, alpha=1)\n    return torch.relu(y)\n",
            {"aten::add(x -)", "aten::relu(y)"});
        row("decided",
            "    if torch.eq(\"a\", \"b\"):\n      y = torch.neg(x)\n    else:\n      y = torch.abs(x)\n    return y\n",
            {"aten::abs(x)"});
        row("undecided",
            "    if bool(x):\n      y = torch.neg(x)\n    else:\n      y = torch.abs(x)\n    return torch.relu(y)\n",
            {"aten::neg(x)", "aten::abs(x)", "prim::If(x y y)", "aten::relu(y)"});
        row("None on one way",
            "    if bool(x):\n      y = None\n    else:\n      y = torch.abs(x)\n    if torch.__is__(y, None):\n      "
            "z = "
            "torch.neg(x)\n    else:\n      z = torch.relu(x)\n    return z\n",
            {"aten::abs(x)", "prim::If(x - y)", "aten::__is__(y -)", "aten::neg(x)", "aten::relu(x)",
                "prim::If( z z)"});
        row("raising",
            "    if bool(x):\n      ops.prim.RaiseException(\"no\")\n      y = x\n    else:\n      y = torch.abs(x)\n  "
            "  return y\n",
            {"prim::RaiseException(-)", "aten::abs(x)"});
        row("lists", "    l = [x, torch.neg(x)]\n    return torch.cat(l, 1)\n",
            {"aten::neg(x)", "prim::ListConstruct(x )", "aten::cat( -)"});
        row("several outputs", "    a, b, = ops.my.split(x)\n    return torch.add(a, b)\n",
            {"my::split(x)", "aten::add(a b)"});
        row("loop", "    y = x\n    for i in range(3):\n      y = torch.add(y, i)\n    return y\n",
            {"aten::add(x -)", "aten::add(y -)", "aten::add(y -)"});
        row("loop of a number that only running tells",
            "    y = x\n    for i in range(torch.size(x, 0)):\n      y = torch.add(y, i)\n    return y\n",
            {"aten::size(x -)", "prim::range()", "prim::Loop()", "aten::add(x i)", "prim::Loop(- y x)"});
        row("a list made in such a loop",
            "    l = annotate(List[Tensor], [])\n    for i in range(torch.size(x, 0)):\n      _0 = torch.append(l, x)\n"
            "    return torch.stack(l)\n",
            {"aten::size(x -)", "prim::range()", "prim::Loop()", "prim::Loop(x)", "prim::ListConstruct()",
                "aten::stack()"});
        row("in place", "    y = torch.neg(x)\n    _0 = torch.add_(y, 1)\n    return torch.mul(y, y)\n",
            {"aten::neg(x)", "aten::add_(y -)", "aten::mul(_0 _0)"});
        row("in place on a part",
            "    y = torch.neg(x)\n    z = torch.select(y, 0, 0)\n    _0 = torch.zero_(z)\n    return torch.abs(y)\n",
            {"aten::neg(x)", "aten::select(y - -)", "aten::zero_(z)", "prim::ChangedInPlace(y z _0)", "aten::abs()"});
        row("in place on one of several parts",
            "    a, b, = torch.chunk(x, 2)\n    _0 = torch.sigmoid_(a)\n    _1 = torch.tanh_(b)\n    return "
            "torch.add(a, b)\n",
            {"aten::chunk(x -)", "aten::sigmoid_(a)", "aten::tanh_(b)", "aten::add(_0 _1)"});
        row("in place, perhaps",
            "    y = torch.neg(x)\n    if bool(x):\n      _0 = torch.zero_(y)\n    else:\n      pass\n    return "
            "torch.abs(y)\n",
            {"aten::neg(x)", "aten::zero_(y)", "prim::If(x _0 y)", "aten::abs()"});
        row("nothing", "    return x\n", {"no graph"});
        row("least integer", "    return torch.add(x, -9223372036854775808)\n", {"aten::add(x -)"});
    }

    void followed()
    {
        QFETCH(QString, body);
        QFETCH(QStringList, wanted);
        QCOMPARE(operators(body.toStdString()), wanted);
    }

    void refused_data()
    {
        QTest::addColumn<std::string>("code");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char *name, const std::string &code, const char *reason) {
            QTest::newRow(name) << code << reason;
        };
        row("no class", "class N(Module):\n  pass\n", "holds no code of its module __torch__.M");
        row("itself", method("    return (self).forward(x, )\n"), "nested too deep, or call themselves");
        std::string doubling = "def f0(x: Tensor) -> Tensor:\n  return torch.neg(x)\n";
        for (int i = 1; i < 40; ++i)
            doubling += "def f" + std::to_string(i) + "(x: Tensor) -> Tensor:\n  return __torch__.f"
                + std::to_string(i - 1) + "(__torch__.f" + std::to_string(i - 1) + "(x, ), )\n";
        row("doubling", doubling + method("    return __torch__.f39(x, )\n"), "memory");
        row("brackets", method("    return " + std::string(50000, '(') + "x" + std::string(50000, ')') + "\n"),
            "brackets are nested more than 200 deep");
        std::string chain = "    return ";
        for (int i = 0; i < 5000; ++i)
            chain += "not ";
        row("not not not", method(chain + "x\n"), "expressions are nested more than");
        std::string blocks;
        for (std::size_t i = 0; i < 1000; ++i)
            blocks += std::string(4 + i, ' ') + "if bool(x):\n";
        row("blocks", method(blocks + std::string(1004, ' ') + "pass\n"), "blocks are nested more than 200 deep");
        std::string pairs = "    y0 = (x, x)\n";
        for (int i = 1; i < 60; ++i)
            pairs += "    y" + std::to_string(i) + " = (y" + std::to_string(i - 1) + ", y" + std::to_string(i - 1)
                + ")\n";
        row("pairs of pairs", method(pairs + "    return y59\n"), "nested too deep or stand for too many elements");
        row("a list in itself", method("    l = [x]\n    _0 = torch.append(l, l)\n    return CONSTANTS.c7\n"),
            "constant 7");
        row("open text", method("    return \"abc\n"), "a text is not closed");
        row("open bracket", method("    return torch.neg(x\n"), "a bracket is not closed");
        row("unknown mark", method("    return x $ x\n"), "is no part of TorchScript");
        row("absent function", method("    return __torch__.gone.f(x, )\n"), "calls __torch__.gone.f");
        row("no number", method("    return torch.add(x, 1.2.3)\n"), "'1.2.3' is no number");
        std::string copies = "    a = \"" + std::string(1'000'000, 't') + "\"\n";
        for (int i = 0; i < 1000; ++i)
            copies += "    b = a\n";
        row("a long text again and again", method(copies + "    return x\n"), "its calls are more than");
        std::string compared;
        for (const char *list : {"a", "b"}) {
            compared += std::string("    ") + list + " = [";
            for (int i = 0; i < 1 << 16; ++i)
                compared += "0, ";
            compared += "]\n";
        }
        for (int i = 0; i < 500; ++i)
            compared += "    c = torch.eq(a, b)\n";
        row("long lists compared", method(compared + "    return x\n"), "its calls are more than");
        row("absent constant", method("    return torch.add(x, CONSTANTS.c3)\n"), "reads constant 3");
    }

    void refused()
    {
        QFETCH(std::string, code);
        QFETCH(QString, reason);
        const auto file = opened(code);
        QVERIFY(!file);
        QVERIFY2(file.error().message.find(reason.toStdString()) != std::string::npos, file.error().message.c_str());
    }

    void refusedObjects_data()
    {
        QTest::addColumn<std::string>("attributes");
        QTest::addColumn<QString>("reason");
        const auto text = [](const std::string &value) {
            const auto size = static_cast<std::uint32_t>(value.size());
            return "X" + std::string(reinterpret_cast<const char *>(&size), 4) + value;
        };
        const auto repeated = [](const std::string &part, int times) {
            std::string out;
            for (int i = 0; i < times; ++i)
                out += part;
            return out;
        };
        const std::string made = "c__torch__.torch.classes.q\nA\n)\x81", key = text("p");
        QTest::newRow("in each other") << key + made + "q\x01(" + made + "(h\x01tbtb"
                                       << "objects too deep, or itself";
        QTest::newRow("a long chain") << text("l") + "(" + made + "q\x01" + repeated(made + "(h\x01tbq\x01", 2000) + "l"
                + key + "h\x01"
                                      << "objects too deep, or itself";
        QTest::newRow("a long text named often")
            << text("t") + text(std::string(1 << 20, 't')) + "q\x01" + text("l") + "(" + repeated("h\x01", 4000) + "l"
            << "memory";
        std::string state = "}(";
        for (int i = 0; i < 2000; ++i)
            state += text("k" + std::to_string(i)) + "N";
        QTest::newRow("one state of many objects")
            << text("s") + state + "uq\x02" + text("l") + "(" + repeated(made + "h\x02" + "b", 2000) + "l"
            << "memory";
    }

    /// Files of some kilobytes that would take gigabytes, or the stack.
    void refusedObjects()
    {
        QFETCH(std::string, attributes);
        QFETCH(QString, reason);
        const auto file = opened(method("    return ops.my.op(x, self.p)\n"), attributes);
        QVERIFY(!file);
        QVERIFY2(file.error().message.find(reason.toStdString()) != std::string::npos, file.error().message.c_str());
    }
};

QTEST_APPLESS_MAIN(TestScriptCode)
#include "tst_script_code.moc"

#pragma once

#include "graph/model_file.h"
#include "tensor/element.h"
#include "tensor/memory_tensor.h"

#include <QRegularExpression>
#include <QString>
#include <QStringList>

#include <map>
#include <memory>

namespace quantscope::test {

/// A file with an ONNX graph from text, a line (or what `;` parts) each: "s = f32 0.5" is a stored scalar, "w =
/// f32[2,2] 0.5" a tensor of one number or of as many as are given with commas, "a, b = Split(x) axis=1 @name" a node;
/// a domain stands before the operator: "onnx.brevitas:Quant". "v <- q" is what a loop reads as v, given q. Values that
/// nothing makes are inputs of the network, those named y.. its outputs; a missing operand is "-".
class GraphText {
public:
    explicit GraphText(const QString &text)
    {
        m_file->graph.emplace();
        m_file->format = "onnx";
        m_file->path = "graph.onnx";
        static const QRegularExpression line(QStringLiteral("[\n;]"));
        for (const QString &statement : text.split(line, Qt::SkipEmptyParts))
            if (!statement.trimmed().isEmpty())
                add(statement.trimmed());
        Graph &graph = *m_file->graph;
        for (ValueId id = 0; id < graph.values.size(); ++id) {
            Value &value = graph.values[id];
            value.graphInput = !value.producer && !value.tensor && value.handedIn == kNoValue;
            if (value.graphInput)
                graph.inputs.push_back(id);
            if (value.name.starts_with('y'))
                graph.outputs.push_back(id);
        }
        m_file->buildIndex();
    }

    std::shared_ptr<const ModelFile> file() const { return m_file; }

private:
    ValueId value(const QString &text)
    {
        const QString name = text.trimmed();
        if (name == u"-")
            return kNoValue;
        Graph &graph = *m_file->graph;
        const auto [known, isNew] = m_values.try_emplace(name, static_cast<ValueId>(graph.values.size()));
        if (isNew) {
            graph.values.emplace_back();
            graph.values.back().name = name.toStdString();
        }
        return known->second;
    }

    template <class T, class Convert = T (*)(double)>
    std::shared_ptr<const TensorInfo> filled(
        const QString &name, DType dtype, const Shape &shape, const QStringList &numbers,
        Convert convert = [](double number) { return static_cast<T>(number); })
    {
        std::size_t count = 1;
        for (const std::int64_t size : shape)
            count *= static_cast<std::size_t>(size);
        std::vector<T> values;
        for (std::size_t i = 0; i < count; ++i)
            values.push_back(convert(numbers[static_cast<qsizetype>(i) % numbers.size()].toDouble()));
        return memoryTensor(name.toStdString(), dtype, shape, std::span<const T>(values));
    }

    void addTensor(const QString &name, const QRegularExpressionMatch &match)
    {
        Shape shape;
        for (const QString &size : match.captured(2).split(u',', Qt::SkipEmptyParts))
            shape.push_back(size.toLongLong());
        const QString type = match.captured(1);
        const QStringList numbers = match.captured(3).split(u',');
        const auto half = [](double number) { return floatToHalf(static_cast<float>(number)); };
        m_file->tensors.push_back(*(type == u"f32" ? filled<float>(name, DType::Float32, shape, numbers)
                : type == u"f16"                   ? filled<std::uint16_t>(name, DType::Float16, shape, numbers, half)
                : type == u"u8"                    ? filled<std::uint8_t>(name, DType::UInt8, shape, numbers)
                : type == u"i8"                    ? filled<std::int8_t>(name, DType::Int8, shape, numbers)
                : type == u"i32"                   ? filled<std::int32_t>(name, DType::Int32, shape, numbers)
                                                   : filled<std::int64_t>(name, DType::Int64, shape, numbers)));
        m_file->graph->values[value(name)].tensor = m_file->tensors.size() - 1;
    }

    static Attribute attribute(const QString &text)
    {
        Attribute out;
        out.name = text.section(u'=', 0, 0).toStdString();
        const QString value = text.section(u'=', 1);
        bool whole = false, number = false;
        out.i = value.toLongLong(&whole);
        out.f = value.toFloat(&number);
        out.kind = whole ? Attribute::Kind::Int : number ? Attribute::Kind::Float : Attribute::Kind::String;
        out.s = number ? std::string() : value.toStdString();
        return out;
    }

    void add(const QString &statement)
    {
        static const QRegularExpression tensor(QStringLiteral("^(f32|f16|u8|i8|i32|i64)(?:\\[([\\d,]*)\\])? (\\S+)$"));
        static const QRegularExpression node(QStringLiteral("^(?:([\\w.]+):)?(\\w+)\\(([^)]*)\\)(.*)$"));
        if (const qsizetype arrow = statement.indexOf(u"<-"); arrow > 0) {
            const ValueId given = value(statement.mid(arrow + 2));
            m_file->graph->values[value(statement.left(arrow))].handedIn = given;
            return;
        }
        const QString left = statement.section(u'=', 0, 0).trimmed(), right = statement.section(u'=', 1).trimmed();
        if (const auto match = tensor.match(right); match.hasMatch())
            return addTensor(left, match);
        const auto match = node.match(right);
        if (!match.hasMatch())
            qFatal("not a graph: %s", qPrintable(statement));
        Node made;
        made.domain = match.captured(1).toStdString();
        made.opType = match.captured(2).toStdString();
        for (const QString &word : match.captured(4).split(u' ', Qt::SkipEmptyParts)) {
            if (word.startsWith(u'@'))
                made.name = word.mid(1).toStdString();
            else
                made.attributes.push_back(attribute(word));
        }
        const auto id = static_cast<NodeId>(m_file->graph->nodes.size());
        for (const QString &input : match.captured(3).split(u',', Qt::SkipEmptyParts)) {
            made.inputs.push_back(value(input));
            if (made.inputs.back() != kNoValue)
                m_file->graph->values[made.inputs.back()].consumers.push_back(id);
        }
        for (const QString &output : left.split(u',')) {
            made.outputs.push_back(value(output));
            m_file->graph->values[made.outputs.back()].producer = id;
        }
        m_file->graph->nodes.push_back(std::move(made));
    }

    std::shared_ptr<ModelFile> m_file = std::make_shared<ModelFile>();
    std::map<QString, ValueId> m_values;
};

} // namespace quantscope::test

#include "session/recipe_python.h"

#include "base/file_name.h"
#include "dialects/brevitas/printer.h"
#include "items/text.h"

using namespace Qt::StringLiterals;

namespace quantscope {

/// A file's name as a text of Python, whatever is in it.
static QString pythonText(const QString &text)
{
    QString out = u"\""_s;
    for (const QChar c : text)
        if (c == u'"' || c == u'\\')
            out += QString(u'\\') + c;
        else if (c.isPrint())
            out += c;
        else
            out += u"\\u"_s + QString::number(c.unicode(), 16).rightJustified(4, u'0');
    return out + u'"';
}

QString recipePython(const QString &modelPath)
{
    const std::string_view printer = recipePrinter();
    return QString::fromUtf8(printer.data(), static_cast<qsizetype>(printer.size()))
        + u"\n\n# `model` is the network with its weights loaded. The file belongs beside the checkpoint.\n"_s
        + u"model.eval()\nwrite(model, %1)\n"_s.arg(
            pythonText(qs(fileName(modelStem(modelPath.toStdString()))) + u".recipe.toml"_s));
}

} // namespace quantscope

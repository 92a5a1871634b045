global using System.Net;
global using System.Text;
global using System.Text.Json;
global using CdrEngine.Calls.Ports;
global using CdrEngine.Calls.Records;
global using CdrEngine.Core;
global using Xunit;
